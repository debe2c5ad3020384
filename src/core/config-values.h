/* SPDX-License-Identifier: GPL-3.0-or-later */
/* config-values: the kinds of values that popgate.conf has, and what a row of config.c's table says about a setting.
 *
 * Pure: no I/O, no clock, no log, no globals. Fuzzed by tests/fuzz/fuzz-config.c. For config.c alone.
 *
 * A kind reads the trimmed text of a setting into the field at offset of PgConfig. The field holds a value of the same kind
 * already, or zeros; a text that the kind or the row does not allow leaves it as it was, or holding something that can be freed:
 * the configuration is then refused as a whole. Lists are separated by commas, semicolons or blanks.
 */
#pragma once

#include "core/config.h"

G_BEGIN_DECLS

typedef struct _PgConfigRow PgConfigRow;

/**
 * PgConfigRead: a kind of value.
 * @text: NUL-terminated, without blanks around it, UTF-8 if it is from a file; not kept
 * @config: the whole, for kinds that set more than their field
 * @field: of @config, at the row's offset
 *
 * Returns: FALSE if @text is not what @row expects
 */
typedef gboolean (*PgConfigRead) (const PgConfigRow *row, const char *text, PgConfig *config, gpointer field);

/**
 * PgConfigRow: a setting.
 * @fallback: its text if the file does not have it
 * @min: least value; shortest text; least number of items: as the kind goes
 * @max: greatest value; not looked at by kinds of text and of lists
 * @expected: in words, behind "expected "
 * @meaning: a sentence
 */
struct _PgConfigRow
{
  const char  *group;
  const char  *key;
  PgConfigRead read;
  gsize        offset;
  const char  *fallback;
  gint64       min;
  gint64       max;
  const char  *expected;
  const char  *meaning;
};

/** Numbers. duration: gint64, in microseconds; number and mode (octal): guint. */
gboolean pg_config_read_duration (const PgConfigRow *row, const char *text, PgConfig *config, gpointer field);
gboolean pg_config_read_number (const PgConfigRow *row, const char *text, PgConfig *config, gpointer field);
gboolean pg_config_read_mode (const PgConfigRow *row, const char *text, PgConfig *config, gpointer field);

/** Texts, char *. store: the path behind "gdbm:"; reply_text: what Postfix may be told, or nothing. */
gboolean pg_config_read_string (const PgConfigRow *row, const char *text, PgConfig *config, gpointer field);
gboolean pg_config_read_path (const PgConfigRow *row, const char *text, PgConfig *config, gpointer field);
gboolean pg_config_read_store (const PgConfigRow *row, const char *text, PgConfig *config, gpointer field);
gboolean pg_config_read_reply_text (const PgConfigRow *row, const char *text, PgConfig *config, gpointer field);

/** Lists, char **. sockets: unix:/PATH and inet:ADDRESS:PORT; sources: see source-spec.h. */
gboolean pg_config_read_list (const PgConfigRow *row, const char *text, PgConfig *config, gpointer field);
gboolean pg_config_read_sockets (const PgConfigRow *row, const char *text, PgConfig *config, gpointer field);
gboolean pg_config_read_unix_sockets (const PgConfigRow *row, const char *text, PgConfig *config, gpointer field);
gboolean pg_config_read_sources (const PgConfigRow *row, const char *text, PgConfig *config, gpointer field);

/** Sets. services and servers: bits, guint; never_grant: PgNetset *, and never_none beside it. */
gboolean pg_config_read_services (const PgConfigRow *row, const char *text, PgConfig *config, gpointer field);
gboolean pg_config_read_servers (const PgConfigRow *row, const char *text, PgConfig *config, gpointer field);
gboolean pg_config_read_never_grant (const PgConfigRow *row, const char *text, PgConfig *config, gpointer field);

G_END_DECLS
