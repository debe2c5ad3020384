/* SPDX-License-Identifier: GPL-3.0-or-later */
/* config: popgate.conf -> values.
 *
 * Pure: no I/O, no clock, no log, no globals: the caller reads the file. Fuzzed by tests/fuzz/fuzz-config.c.
 *
 * One table names each group and key with its kind, default, range and meaning; parsing, popgated --help-config and the
 * test of the man page all come from it. An unknown group or key, and a value that is wrong, is an error that names it.
 * Syntax: key file (GKeyFile). Lists are separated by commas, semicolons or blanks; in [log] source a piece that does not
 * begin with "SCHEME:" belongs to the one before it.
 */
#pragma once

#include "core/login-line.h"
#include "core/netset.h"

G_BEGIN_DECLS

/** PG_CONFIG_SPARE_FDS: descriptors for all but the max_connections: logs, store, control, poller. */
#define PG_CONFIG_SPARE_FDS 512

/** PgConfig: checked values; durations in microseconds; lists NULL-terminated and never NULL; all owned. */
typedef struct
{
  gint64    window_us;
  char     *store;
  char     *user;  /* "": nobody else */
  char     *group; /* "": the user's own */
  char    **policy_listen;
  guint     socket_mode;
  char     *socket_owner;
  char     *socket_group;
  guint     max_connections;
  char     *reject; /* "": off */
  char    **sources;
  guint     services; /* bit 1 << PgService */
  guint     servers;  /* bit 1 << PgServer */
  char    **dovecot_names;
  char    **hosts;
  PgNetset *never_grant;
  gboolean  never_none; /* never_grant = none */
  char    **never_users;
  guint     ipv6_prefix;
  gint64    stale_us;
  char    **login_listen;
  char    **reporters;
  char    **control_listen;
  char    **admins;
  char    **readers;
  char     *textfile; /* "": none */
} PgConfig;

/**
 * pg_config_parse:
 * @text: the file's content, UTF-8; empty for all defaults
 * @overrides: (nullable): NULL-terminated "group.key=value", applied over the file in order
 * @error: PG_ERROR_SYNTAX, or PG_ERROR_VALUE naming group, key and what was expected
 *
 * Returns: (transfer full): the configuration, or NULL with @error set
 */
G_GNUC_WARN_UNUSED_RESULT
PgConfig *pg_config_parse (PgSpan text, const char *const *overrides, GError **error);

/** pg_config_free: ends @self; NULL is legal. */
void pg_config_free (PgConfig *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PgConfig, pg_config_free)

/** pg_config_help: every group and key with its default and meaning, as a commented file that parses; transfer full. */
char *pg_config_help (void) G_GNUC_WARN_UNUSED_RESULT;

/** pg_config_line_rules: what @self says about login lines; borrowed from @self. */
PgLineRules pg_config_line_rules (const PgConfig *self);

G_END_DECLS
