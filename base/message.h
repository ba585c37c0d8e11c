/* SPDX-License-Identifier: ISC */
/*
 * The messages between our processes. A frame is a fixed head, then a JSON
 * document (or nothing). The head carries all that a router needs, so that
 * the scheduler passes a run event on without parsing it.
 *
 * Wire form of the head, little-endian, 40 bytes:
 *	u32 length of the document   u16 type   u16 code
 *	u64 cookie                   u64 extra  u8 id[16]
 */
#ifndef BASE_MESSAGE_H
#define BASE_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

#define MESSAGE_HEAD_SIZE 40
#define MESSAGE_ID_SIZE 16
#define MESSAGE_MOST_BYTES (64u << 20)
#define MESSAGE_MISTAKE_BYTES 300 /* of text, in a PLAN that was refused */

/*
 * One row per message: enum, name, sender -> receiver and what the head's
 * fields mean. doc: what the document is.
 */
#define MESSAGE_TABLE(X)                                                     \
	/* child -> parent, once, when it can work. doc: {"program",         \
	 * "version"}; a store adds {"checks":[{"check","location",          \
	 * "last_due_us", "ahead_us"? (of records due in the future)}]} */   \
	X(READY, "ready")                                                    \
	/* scheduler -> probe: a definition to keep. cookie: its number,     \
	 * named by later jobs. doc: the definition */                       \
	X(DEFINE, "define")                                                  \
	/* scheduler -> probe: forget definition cookie */                   \
	X(FORGET, "forget")                                                  \
	/* scheduler -> probe: run it now. cookie: definition number, extra: \
	 * the sender's own number, echoed. id: the run. doc: the job.       \
	 * gate (aa --child) -> scheduler: run it once when there is room to \
	 * spare; code 1: the second half of a pair, now or never. id: the   \
	 * run, named by the RESULT in answer. doc: {"check","definition"} */ \
	X(JOB, "job")                                                        \
	/* probe -> scheduler -> store. code: enum outcome, extra: echo of   \
	 * the job's, id: the run. cookie: on the way to the store, the      \
	 * batch number that ACK names. doc: the run event */                \
	X(RESULT, "result")                                                  \
	/* as RESULT, but sent before: it may be stored already */           \
	X(RESULT_AGAIN, "result-again")                                      \
	/* store -> scheduler: everything up to cookie is on disk */         \
	X(ACK, "ack")                                                        \
	/* store -> scheduler: cannot write now (disk full, say); what was   \
	 * not acknowledged must be sent again after the next READY.         \
	 * doc: {"reason"} */                                                \
	X(REFUSED, "refused")                                                \
	/* scheduler -> store: the checks that exist. cookie: batch number.  \
	 * doc: the plan's summary, with "loaded_us"; or of manifests that   \
	 * were refused, so that this plan goes on: {"refused_us",           \
	 * "mistakes","mistake"} */                                          \
	X(PLAN, "plan")                                                      \
	/* gate -> store: a gate and its rounds. cookie: batch number,       \
	 * id: the gate. doc: the gate document */                           \
	X(GATE, "gate")                                                      \
	/* parent -> child: finish what runs, then exit. extra: microseconds \
	 * it may take */                                                    \
	X(STOP, "stop")                                                      \
	/* probe -> scheduler, each second. extra: loop lag in us, code: 0.  \
	 * doc: {"in_flight","cpu_permille"} */                              \
	X(LOAD, "load")

enum message_type {
#define X(upper, name) MESSAGE_##upper,
	MESSAGE_TABLE(X)
#undef X
	MESSAGE_TYPE_COUNT
};

struct message {
	enum message_type type;
	uint16_t code;
	uint64_t cookie;
	uint64_t extra;
	uint8_t id[MESSAGE_ID_SIZE];
	const char *doc; /* doc_len bytes; NULL when doc_len is 0 */
	size_t doc_len;
};

/* The name of a type. */
const char *message_name(enum message_type type);

/* Write the head of m. */
void message_encode_head(const struct message *m,
    uint8_t out[static MESSAGE_HEAD_SIZE]);

/*
 * Read a head; doc_len is set, doc is NULL. Returns 0, or ERR_CORRUPT for an
 * unknown type or a length over MESSAGE_MOST_BYTES.
 */
int message_decode_head(const uint8_t in[static MESSAGE_HEAD_SIZE],
    struct message *m);

/* What can come of a run: the vocabulary of results. */
#define OUTCOME_TABLE(X)                                                     \
	X(PASSED, "passed")           /* every assert held */                \
	X(FAILED, "failed")           /* an answer came, an assert failed */ \
	X(UNREACHABLE, "unreachable") /* DNS, connect, TLS, no answer */     \
	X(UNKNOWN, "unknown")         /* sent, may have changed something */ \
	X(INVALID, "invalid")         /* the definition could not be run */  \
	X(LOST, "lost")               /* the probe died */                   \
	X(SKIPPED, "skipped")         /* paused, no capacity */

enum outcome {
#define X(upper, name) OUTCOME_##upper,
	OUTCOME_TABLE(X)
#undef X
	OUTCOME_COUNT
};

/* The name of an outcome, and back (OUTCOME_COUNT when unknown). */
const char *outcome_name(enum outcome o);
enum outcome outcome_parse(const char *name);

/* Why a run takes place; the codes stand in the store. */
#define TRIGGER_TABLE(X)                                                     \
	X(SCHEDULE, "schedule")                                              \
	X(MANUAL, "manual")                                                  \
	X(GATE, "gate")                                                      \
	X(ALERT, "alert")

enum trigger {
#define X(upper, name) TRIGGER_##upper,
	TRIGGER_TABLE(X)
#undef X
	TRIGGER_COUNT
};

/* The name of a trigger, and back (TRIGGER_COUNT when unknown). */
const char *trigger_name(enum trigger t);
enum trigger trigger_parse(const char *name);

/* True for failed, unreachable, unknown: what counts against the service. */
int outcome_is_against_service(enum outcome o);

/* True for invalid, lost, skipped: what is ours and counts on coverage. */
int outcome_is_ours(enum outcome o);

#endif
