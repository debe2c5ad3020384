/* SPDX-License-Identifier: GPL-3.0-or-later */
/* source-spec: one source of [log] source, as text -> its kind, place and options.
 *
 * Pure: no I/O, no clock, no log, no globals. Fuzzed by tests/fuzz/fuzz-config.c.
 *
 * Grammar:  spec    = "file:" path *( "," file-option ) / "stdin:" *( "," format ) /
 *                     "journal:" unit *( "," ( unit / journal-option ) )
 *           file-option    = format / trust         journal-option = "dir=" path / "uid=" user / trust
 *           format  = "format=" a word of pg_head_format_from_span()       trust = "trust=any"
 *           path begins with "/"; unit has letters, digits and :-_.\@, at most 255 bytes; user is a name, a number or "any"
 * Options come in any order, each at most once.
 */
#pragma once

#include "core/head.h"

G_BEGIN_DECLS

typedef enum
{
  PG_SOURCE_FILE,
  PG_SOURCE_STDIN,
  PG_SOURCE_JOURNAL,
} PgSourceKind;

/** PG_SOURCE_UNIT_MAX: bytes of the longest unit name, as in systemd.unit(5). */
#define PG_SOURCE_UNIT_MAX 255

/**
 * PgSourceSpec: all owned.
 * @name: names the source in messages and stored positions: what is read, without the options that say how
 * @format: of a file or the standard input; PG_HEAD_UNKNOWN: to be decided by its lines
 * @trusts_any: whoever may write there is believed
 * @path: of a file; NULL for other kinds
 * @units: of a journal, each with its suffix; NULL-terminated; NULL for other kinds
 * @dir: of a journal: the folder with its files; NULL: this host's own
 * @uid: of a journal: who logs; NULL: not said
 */
typedef struct
{
  PgSourceKind kind;
  char        *name;
  PgHeadFormat format;
  gboolean     trusts_any;
  char        *path;
  char       **units;
  char        *dir;
  char        *uid;
} PgSourceSpec;

/** PG_SOURCE_SPEC_EXPECTED: what pg_source_spec_parse() takes, in the words of an error message. */
#define PG_SOURCE_SPEC_EXPECTED                                                                                                  \
  "file:/PATH[,format=auto|syslog|dovecot|tai64n][,trust=any], stdin:[,format=...] and "                                         \
  "journal:UNIT[,UNIT...][,dir=/PATH][,uid=USER][,trust=any]"

/** pg_source_spec_parse: (transfer full): @text as a source; NULL with @error set to PG_ERROR_VALUE if it is none. */
G_GNUC_WARN_UNUSED_RESULT
PgSourceSpec *pg_source_spec_parse (const char *text, GError **error);

/** pg_source_spec_free: ends @self; NULL is legal. */
void pg_source_spec_free (PgSourceSpec *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PgSourceSpec, pg_source_spec_free)

G_END_DECLS
