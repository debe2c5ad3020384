/* SPDX-License-Identifier: GPL-3.0-or-later */
/* journal-entry: one entry of the journal -> the line that a syslog daemon would have made of it.
 *
 * Of fields that the writer chooses only the program (SYSLOG_IDENTIFIER) and the message are taken; host, process id and user
 * are those that begin with an underscore, which journald sets. The stamp is the journal's own time, in UTC and to the
 * microsecond. What would not be one line with one head is left out: an entry without program or message, with a line feed
 * or more than PG_ENTRY_FIELD_MAX bytes in it, or a piece of what was one line for its writer.
 * Source: systemd.journal-fields(7)
 */
#pragma once

#include <glib.h>
#include <systemd/sd-journal.h>

G_BEGIN_DECLS

/** PG_ENTRY_FIELD_MAX: bytes of the longest field that is taken, with its name. */
#define PG_ENTRY_FIELD_MAX 16384

/**
 * PgEntryUsers: whose entries count.
 * @PG_ENTRY_SYSTEM: of users that are no people's: those whose entries journald does not put into files of their own, numbers
 *   below 1000, those of DynamicUser= (61184 to 65519), and nobody (65534)
 * @PG_ENTRY_ONE: of one user
 * @PG_ENTRY_ANY: of each
 */
typedef enum
{
  PG_ENTRY_SYSTEM,
  PG_ENTRY_ONE,
  PG_ENTRY_ANY,
} PgEntryUsers;

/** PgEntryReader: @uid: for PG_ENTRY_ONE; @torn: the stream whose next entry has no beginning. */
typedef struct
{
  PgEntryUsers users;
  guint64      uid;
  char         torn[33];
} PgEntryReader;

/**
 * pg_entry_reader_init:
 * @user: (nullable): a name, a number or "any"; NULL: PG_ENTRY_SYSTEM
 * @error: PG_ERROR_VALUE if there is no such user
 */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_entry_reader_init (PgEntryReader *self, const char *user, GError **error);

/**
 * pg_entry_reader_read:
 * @journal: at an entry
 * @out: (out): replaced by the line, without LF, of the format PG_HEAD_SYSLOG
 *
 * Returns: FALSE if the entry gives no line
 */
gboolean pg_entry_reader_read (PgEntryReader *self, sd_journal *journal, GString *out);

G_END_DECLS
