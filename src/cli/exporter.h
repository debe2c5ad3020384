/* SPDX-License-Identifier: GPL-3.0-or-later */
/* exporter: /metrics and /healthz over HTTP, in the default main loop.
 *
 * Whoever can connect is answered, so all that he can take has a bound: connections, bytes of a request, seconds of silence and
 * in all; each connection is for one request. Only GET and HEAD, and only these two paths.
 */
#pragma once

#include "cli/scraper.h"

G_BEGIN_DECLS

/** PG_EXPORTER_CONNECTIONS_MAX: at once, and from one address; more wait in the listen queue. */
#define PG_EXPORTER_CONNECTIONS_MAX 64
#define PG_EXPORTER_CONNECTIONS_EACH_MAX 32

/** PG_EXPORTER_MEMORY: bytes for a connection: what a request's head may have. */
#define PG_EXPORTER_MEMORY 8192

/** PG_EXPORTER_SILENCE_S: seconds without a byte, and PG_EXPORTER_WHOLE_S: in all, after which a connection is closed. */
#define PG_EXPORTER_SILENCE_S 5
#define PG_EXPORTER_WHOLE_S 15

typedef struct _PgExporter PgExporter;

/** pg_exporter_can: FALSE with @error (PG_ERROR_SYSTEM) set if popgate was built without it. */
gboolean pg_exporter_can (GError **error);

/**
 * pg_exporter_new:
 * @fd: a TCP socket that listens, non-blocking; stays the caller's, and must stay open
 * @scraper: must outlive it
 * @error: PG_ERROR_SYSTEM
 *
 * Returns: (transfer full): it serves as long as the default main loop runs; free with pg_exporter_free()
 */
G_GNUC_WARN_UNUSED_RESULT
PgExporter *pg_exporter_new (int fd, PgScraper *scraper, GError **error);

/** pg_exporter_free: closes all connections, and ends @self; NULL is legal. */
void pg_exporter_free (PgExporter *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PgExporter, pg_exporter_free)

G_END_DECLS
