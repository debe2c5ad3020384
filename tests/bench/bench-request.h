/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bench-request: a policy request as Postfix 3.7 writes it, and what the reply to it said.
 *
 * The request is built once; asking about another address moves only what stands before the address. Its shape
 * (29 attributes, their order, the empty ones) is that of a request at RCPT.
 */
#pragma once
#include "bench-address.h"
#include <glib.h>
G_BEGIN_DECLS

#define PG_BENCH_REPLY_MAX 512 /* a reply of popgate has at most 500 bytes */

typedef enum
{
  PG_BENCH_OK,
  PG_BENCH_DUNNO,
  PG_BENCH_DEFER_IF_REJECT,
  PG_BENCH_REJECT,
  PG_BENCH_OTHER, /* anything else: not one of popgate's replies, or more than one at once */
  PG_BENCH_N_ACTIONS
} PgBenchAction;

typedef struct
{
  char  bytes[1024];
  gsize tail; /* where the bytes after the address begin */
} PgBenchRequest;

/* Makes @self ready for pg_bench_request_about(). */
void pg_bench_request_init (PgBenchRequest *self);

/**
 * pg_bench_request_about:
 * @self: an initialised request
 * @set: whose address
 * @index: which of them
 * @out_len: (out): the length of the request, about 600 bytes
 *
 * Returns: (transfer none): the request with its blank line, not NUL-terminated, valid until the next call
 */
const char *pg_bench_request_about (PgBenchRequest *self, PgBenchSet set, guint32 index, gsize *out_len);

/**
 * pg_bench_action_of:
 * @reply: what was read up to and with a blank line
 * @len: its length
 *
 * Returns: the action, PG_BENCH_OTHER unless @reply is exactly `action=...` and a blank line
 */
PgBenchAction pg_bench_action_of (const char *reply, gsize len);

/* Returns: (transfer none): the action's name as Postfix knows it. */
const char *pg_bench_action_name (PgBenchAction action);

/**
 * pg_bench_ask:
 * @fd: a connected policy socket without a request in flight; may be non-blocking
 * @self: an initialised request
 * @set: whose address
 * @index: which of them
 *
 * Asks and waits for the reply. Ends the program if none comes within five seconds.
 *
 * Returns: the action
 */
PgBenchAction pg_bench_ask (int fd, PgBenchRequest *self, PgBenchSet set, guint32 index);

G_END_DECLS
