/* SPDX-License-Identifier: GPL-3.0-or-later */
/* error: the one error domain of popgate, for all floors. Pure. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define PG_ERROR (pg_error_quark ())

/**
 * PgError:
 * @PG_ERROR_SYNTAX: foreign bytes that are not of the grammar
 * @PG_ERROR_LIMIT: foreign bytes over a stated bound
 * @PG_ERROR_VALUE: a value that is out of range, of the wrong unit or unknown
 * @PG_ERROR_DAMAGED: stored bytes that fail their checksum or are of an unknown version
 * @PG_ERROR_VERSION: stored bytes of a version newer than any that is known here
 * @PG_ERROR_STORE: the database cannot be opened, read or written
 * @PG_ERROR_BUSY: somebody else holds it: a database in use, a socket that answers
 * @PG_ERROR_ABSENT: what was asked for is not there: nobody listens
 * @PG_ERROR_SYSTEM: the operating system said no; the message carries its reason
 * @PG_ERROR_DENIED: the peer may not do that
 */
typedef enum
{
  PG_ERROR_SYNTAX,
  PG_ERROR_LIMIT,
  PG_ERROR_VALUE,
  PG_ERROR_DAMAGED,
  PG_ERROR_STORE,
  PG_ERROR_BUSY,
  PG_ERROR_ABSENT,
  PG_ERROR_SYSTEM,
  PG_ERROR_DENIED,
  PG_ERROR_VERSION,
} PgError;

GQuark pg_error_quark (void);

G_END_DECLS
