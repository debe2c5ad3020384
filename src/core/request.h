/* SPDX-License-Identifier: GPL-3.0-or-later */
/* request: incremental parser for Postfix policy requests.
 *
 * Pure: no I/O, no clock, no log, no globals. Fuzzed by tests/fuzz/fuzz-request.c.
 *
 * Grammar:  request = *(name "=" value LF) LF     name: 1*(any but NUL "=" LF)   value: *(any but NUL LF)
 * Bounds:   PG_REQUEST_MAX bytes a request, its blank line included; over it: PG_ERROR_LIMIT
 * Unknown attribute: skipped, not stored.  Repeated attribute: first wins.  Empty value: absent.
 * Required: request=smtpd_access_policy; else PG_ERROR_SYNTAX.
 * A CR is a byte like any other: Postfix sends none.
 * Source:   Postfix 3.7 SMTPD_POLICY_README ("Policy protocol"); attr_scan_plain(3), which has no line limit in effect
 */
#pragma once

#include "core/query.h"

G_BEGIN_DECLS

/** PG_REQUEST_MAX: bytes of the longest request. Postfix's own is below 1 KiB unless a client sends a huge address. */
#define PG_REQUEST_MAX 65536

typedef struct _PgRequest PgRequest;

/** pg_request_new: a parser at the start of a request. Returns: (transfer full): free with pg_request_free(). */
PgRequest *pg_request_new (void);

/** pg_request_free: ends @self; NULL is legal. */
void pg_request_free (PgRequest *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PgRequest, pg_request_free)

/** PgRequestHeard: the client's address is known, though perhaps not all of the request; which may still turn out to be none. */
typedef void (*PgRequestHeard) (const PgAddress *address, gpointer user_data);

/** pg_request_hear: from now on @heard is called, once for each request that has an address, from within pg_request_feed(). */
void pg_request_hear (PgRequest *self, PgRequestHeard heard, gpointer user_data);

/**
 * pg_request_feed:
 * @self: a parser whose request is not complete
 * @data: (inout): bytes as they came; moved behind what was taken: to the end, or to the start of the next request
 * @out_complete: (out): TRUE when the blank line was taken
 * @error: PG_ERROR_SYNTAX or PG_ERROR_LIMIT
 *
 * Takes bytes up to the end of one request. Feeding in any portions gives the same result.
 * After FALSE only pg_request_reset() and pg_request_free() are legal.
 *
 * Returns: FALSE with @error set if the bytes are not a request
 */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_request_feed (PgRequest *self, PgSpan *data, gboolean *out_complete, GError **error);

/**
 * pg_request_query:
 * @self: a parser whose request is complete
 * @out: (out): the query; its spans are valid until the next call on @self but this one, and while the bytes that were fed
 *   last are
 */
void pg_request_query (const PgRequest *self, PgQuery *out);

/** pg_request_is_begun: TRUE if some bytes of a request were taken, and not yet all. */
gboolean pg_request_is_begun (const PgRequest *self);

/** pg_request_n_held: bytes that are kept of a request that is not complete; at most PG_REQUEST_MAX. */
gsize pg_request_n_held (const PgRequest *self);

/** pg_request_reset: forgets everything, ready for the next request. */
void pg_request_reset (PgRequest *self);

G_END_DECLS
