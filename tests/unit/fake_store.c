/* SPDX-License-Identifier: ISC */
/*
 * A store for tests: writes "again document" or "new document" of every
 * result as a line of the file log in its directory, and acknowledges. The
 * file mode in the directory changes that; it is read with each result:
 *	die     end after the line, without ACK; the mode is removed first
 *	refuse  answer REFUSED, then READY once the mode is removed
 *	mute    neither write nor acknowledge
 *	away    (at the start) never become ready
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/channel.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/proc.h"

#define LOOK_EVERY (10 * SPAN_MS)

struct fake {
	struct loop *loop;
	struct channel *channel;
	struct loop_timer *look;
	const char *dir;
	bool is_refusing;
};

static bool
has_mode(const struct fake *f, const char *mode)
{
	char *path = file_join(f->dir, "mode"), *text = NULL;
	size_t len;
	bool is_it;

	is_it = file_read(path, 100, &text, &len) == 0 &&
	    strcmp(text, mode) == 0;
	free(path);
	free(text);
	return (is_it);
}

static void
remove_mode(const struct fake *f)
{
	char *path = file_join(f->dir, "mode");

	unlink(path);
	free(path);
}

static void
write_line(const struct fake *f, const char *word, const struct message *m)
{
	char *path = file_join(f->dir, "log"), *line;
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);

	line = xasprintf("%s %.*s\n", word, (int)m->doc_len, m->doc);
	if (fd < 0 || write(fd, line, strlen(line)) < 0)
		_exit(3);
	close(fd);
	free(line);
	free(path);
}

static void
send_ready(struct fake *f)
{
	struct message m = {.type = MESSAGE_READY, .doc = "{\"checks\":[]}",
	    .doc_len = 13};

	channel_send(f->channel, &m);
}

static void
message_cb(struct channel *ch, const struct message *m, void *arg)
{
	struct fake *f = arg;
	struct message answer = {.type = MESSAGE_ACK, .cookie = m->cookie};

	if (m->type == MESSAGE_STOP)
		loop_stop(f->loop);
	if (m->type == MESSAGE_PLAN)
		write_line(f, "plan", m);
	if ((m->type != MESSAGE_RESULT && m->type != MESSAGE_RESULT_AGAIN) ||
	    f->is_refusing || has_mode(f, "mute"))
		return;
	if (has_mode(f, "refuse")) {
		answer.type = MESSAGE_REFUSED;
		answer.doc = "{\"reason\":\"full\"}";
		answer.doc_len = strlen(answer.doc);
		channel_send(ch, &answer);
		f->is_refusing = true;
		return;
	}
	write_line(f, m->type == MESSAGE_RESULT ? "new" : "again", m);
	if (has_mode(f, "die")) {
		remove_mode(f);
		_exit(5);
	}
	channel_send(ch, &answer);
}

static void
closed_cb(struct channel *ch, int err, void *arg)
{
	struct fake *f = arg;

	(void)ch;
	(void)err;
	loop_stop(f->loop);
}

static const struct channel_handlers handlers = {message_cb, closed_cb, NULL};

static void
look_cb(void *arg)
{
	struct fake *f = arg;

	if (f->is_refusing && !has_mode(f, "refuse")) {
		f->is_refusing = false;
		send_ready(f);
	}
	loop_timer_at(f->look, clock_mono() + LOOK_EVERY);
}

int
main(int argc, char **argv)
{
	struct fake f = {.dir = argv[argc - 1]};

	proc_init(1);
	f.loop = loop_new();
	f.channel = channel_new(f.loop, PROC_CHILD_FD, &handlers, &f);
	f.look = loop_timer_new(f.loop, look_cb, &f);
	loop_timer_at(f.look, clock_mono());
	if (!has_mode(&f, "away"))
		send_ready(&f);
	loop_run(f.loop);
	loop_timer_free(&f.look);
	channel_free(&f.channel);
	loop_free(&f.loop);
	return (0);
}
