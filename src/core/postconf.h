/* SPDX-License-Identifier: GPL-3.0-or-later */
/* postconf: what Postfix's postconf(1) prints of a configuration -> settings and services by name.
 *
 * Pure: no I/O, no clock, no log, no globals. Fuzzed by tests/fuzz/fuzz-postconf.c.
 *
 * Grammar:  settings  = *( name *blank "=" *blank value LF )                  postconf -x; main.cf; doveconf prints the same
 *           overrides = *( service "/" type "/" name *blank "=" *blank value LF )       postconf -x -P
 *           services  = *( name type private unpriv chroot wakeup maxproc command *argument LF )    postconf -M; master.cf
 * A line that begins with a blank continues the one before it; empty lines and those that begin with "#" say nothing; the last
 * of two lines of one name counts. Lines that are none of these are passed over and counted.
 * Bounds:   PG_POSTCONF_TEXT_MAX bytes a text, no NUL; over -> PG_ERROR_LIMIT, PG_ERROR_SYNTAX
 * Source:   postconf(1), postconf(5), master(5), Postfix 3.7
 */
#pragma once

#include "core/span.h"

G_BEGIN_DECLS

/** PG_POSTCONF_TEXT_MAX: bytes of the longest text that is read. */
#define PG_POSTCONF_TEXT_MAX (4u * 1024 * 1024)

typedef struct _PgPostconf PgPostconf;

/**
 * PgPostconfService: a row of master.cf. All owned.
 * @name: "smtp", "127.0.0.1:10025", ...
 * @type: "inet", "unix", "pass", "fifo", "unix-dgram"
 * @chroot: 'y', 'n', or '-': as Postfix has it by default
 * @command: the program, as "smtpd"
 */
typedef struct
{
  char *name;
  char *type;
  char  chroot;
  char *command;
} PgPostconfService;

/** pg_postconf_new: of an empty configuration. Returns: (transfer full): free with pg_postconf_free(). */
PgPostconf *pg_postconf_new (void) G_GNUC_WARN_UNUSED_RESULT;

/** pg_postconf_free: ends @self; NULL is legal. */
void pg_postconf_free (PgPostconf *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PgPostconf, pg_postconf_free)

/** pg_postconf_add_settings: reads settings, and overrides, whose names hold their service. FALSE: @error is set, nothing was
 * read. */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_postconf_add_settings (PgPostconf *self, PgSpan text, GError **error);

/** pg_postconf_add_services: reads services. FALSE: @error is set, nothing was read. */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_postconf_add_services (PgPostconf *self, PgSpan text, GError **error);

/** pg_postconf_n_strange: lines that were passed over. */
guint pg_postconf_n_strange (const PgPostconf *self);

/** pg_postconf_get: value of the setting @name, without blanks around it; NULL if it was not told. Borrowed. */
const char *pg_postconf_get (const PgPostconf *self, const char *name);

/**
 * pg_postconf_get_for:
 * @service: one of @self's
 * @out_own: (out) (optional): whether the service has a value of its own (-o in master.cf)
 *
 * Returns: (transfer none): what holds for @service; NULL if it was not told
 */
const char *pg_postconf_get_for (const PgPostconf *self, const PgPostconfService *service, const char *name, gboolean *out_own);

/** pg_postconf_n_services: how many there are. */
guint pg_postconf_n_services (const PgPostconf *self);

/** pg_postconf_service: number @index, from 0, in master.cf's order; borrowed. */
const PgPostconfService *pg_postconf_service (const PgPostconf *self, guint index);

G_END_DECLS
