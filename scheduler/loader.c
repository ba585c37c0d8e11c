/* SPDX-License-Identifier: ISC */
/* The thread says that it has ended by a pipe, which the loop watches. */
#include "scheduler/loader.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/message.h"

#define LOADER_MAGIC 0x4c4f4144u
/* On a full machine the loop goes first. */
#define NICE 5

struct loader {
	unsigned int magic;
	char *path, *location;
	pthread_t thread;
	bool is_joined;
	int ended[2];            /* a pipe; the thread closes [1] */
	struct loop_watch *watch;
	struct loaded loaded;    /* the thread's until it has ended */
	loader_done_cb *done;
	void *arg;
};

void
loaded_init(struct loaded *l, const char *path, const char *location)
{
	mono_us start = clock_mono();
	struct buf summary;

	*l = (struct loaded){0};
	cause_init(&l->cause);
	buf_init(&summary, MESSAGE_MOST_BYTES);
	if (plan_load(path, &l->cause, &l->plan) == 0 &&
	    plan_encode_summary(l->plan, location, &summary) == 0)
		l->summary = buf_take(&summary, &l->summary_len);
	buf_fini(&summary);
	l->took = clock_mono() - start;
}

void
loaded_fini(struct loaded *l)
{
	plan_free(&l->plan);
	free(l->summary);
	cause_fini(&l->cause);
}

static void *
thread_main(void *arg)
{
	struct loader *l = arg;

	/* Linux has niceness by thread. */
	setpriority(PRIO_PROCESS, (id_t)gettid(), NICE);
	loaded_init(&l->loaded, l->path, l->location);
	close(l->ended[1]);
	return (NULL);
}

static void
join(struct loader *l)
{
	if (!l->is_joined)
		must(pthread_join(l->thread, NULL) == 0);
	l->is_joined = true;
}

static void
loader_ended_cb(int fd, int events, void *arg)
{
	struct loader *l = arg;
	struct loaded loaded;

	(void)fd;
	(void)events;
	must_magic(l, LOADER_MAGIC);
	join(l);
	loop_watch_free(&l->watch);
	loaded = l->loaded;
	l->loaded = (struct loaded){0};
	l->done(&loaded, l->arg);
	loaded_fini(&loaded);
}

/* The thread takes no signals: they are the loop's. */
static int
start_thread(struct loader *l)
{
	sigset_t all, before;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&l->thread, NULL, thread_main, l);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return (rc);
}

struct loader *
loader_new(struct loop *loop, const char *path, const char *location,
    loader_done_cb *done, void *arg)
{
	struct loader *l = xcalloc(1, sizeof(*l));
	int rc;

	l->magic = LOADER_MAGIC;
	l->path = xstrdup(path);
	l->location = xstrdup(location);
	l->done = done;
	l->arg = arg;
	rc = pipe2(l->ended, O_CLOEXEC) != 0 ? errno : 0;
	if (rc == 0 && (rc = start_thread(l)) != 0) {
		close(l->ended[0]);
		close(l->ended[1]);
	}
	if (rc != 0) {
		free(l->path);
		free(l->location);
		free(l);
		errno = rc;
		return (NULL);
	}
	l->watch = loop_watch_new(loop, l->ended[0], LOOP_READ,
	    loader_ended_cb, l);
	return (l);
}

void
loader_free(struct loader **lp)
{
	struct loader *l = *lp;

	if (l == NULL)
		return;
	*lp = NULL;
	must_magic(l, LOADER_MAGIC);
	join(l);
	loop_watch_free(&l->watch);
	loaded_fini(&l->loaded);
	close(l->ended[0]);
	l->magic = 0;
	free(l->path);
	free(l->location);
	free(l);
}
