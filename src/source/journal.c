/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The entries that some units have written to the journal. Units are told by _SYSTEMD_UNIT, which journald sets itself from
 * the writer's process: nobody outside the unit gets an entry in here, whatever program he says he is. Each entry is given
 * as the line that a syslog daemon would have made of it, with the journal's own time and host.
 *
 * What libsystemd calls a cursor is the position. It names an entry in several ways: if the entry is gone, reading goes on
 * at the first one that came later. Over several files, and a clock that was set back between them, that may be one that was
 * read before; a line that is read twice does no harm. */
#include "config.h"

#include "core/error.h"
#include "source/source-class.h"

#ifdef HAVE_SYSTEMD

#include "source/journal-entry.h"
#include "source/trust.h"

#include <stdlib.h>

/* A position is kept beside the grants, in at most PG_STORE_POSITION_MAX bytes; a cursor has about 130. */
#define CURSOR_MAX 220

/* What looking at an entry costs beside the bytes of its line. */
#define ENTRY_COST 256

typedef struct
{
  PgSource      base;
  char        **units;
  char         *dir; /* NULL: this host's journal */
  gboolean      trusts_any;
  PgEntryReader reader;
  sd_journal   *journal; /* NULL: it can't be read now */
  char         *problem;
  char         *cursor; /* of the last entry that was done with; NULL: none yet */
  gint64        since_us;
  GString      *line;        /* of the entry that was read last */
  gboolean      is_on_entry; /* the journal is at an entry that was not read yet */
  gboolean      is_held;
  gboolean      is_at_end;
} JournalSource;

/* --- opening --------------------------------------------------------------------------------------------------------- */

static void
close_journal (JournalSource *self, char *problem)
{
  g_clear_pointer (&self->journal, sd_journal_close);
  g_free (self->problem);
  self->problem = problem;
  self->is_on_entry = FALSE;
  self->is_held = FALSE;
}

static const char *
place (const JournalSource *self)
{
  return self->dir != NULL ? self->dir : "of this host";
}

static void
fail (JournalSource *self, const char *what, int negative_errno)
{
  close_journal (self, g_strdup_printf ("cannot %s the journal %s: %s", what, place (self), g_strerror (-negative_errno)));
}

/* Without a file that may be read there are no errors, and no entries either: files may come, or may be hidden from us. */
static void
check_files (JournalSource *self)
{
  guint64 n_bytes = 0;

  if (sd_journal_get_usage (self->journal, &n_bytes) < 0 || n_bytes == 0)
    close_journal (self, g_strdup_printf ("the journal %s has no file that can be read", place (self)));
  else
    g_clear_pointer (&self->problem, g_free);
}

static int
add_matches (JournalSource *self)
{
  int result = 0;

  for (char **unit = self->units; *unit != NULL && result >= 0; unit++)
    {
      g_autofree char *match = g_strconcat ("_SYSTEMD_UNIT=", *unit, NULL);

      result = sd_journal_add_match (self->journal, match, 0); /* of one field, any will do */
    }
  return result;
}

static int
seek_since (JournalSource *self)
{
  return sd_journal_seek_realtime_usec (self->journal, (guint64) MAX (self->since_us, 0));
}

/* Behind the entry of the cursor; if that is gone, on the first that came later. */
static int
seek_cursor (JournalSource *self)
{
  int result = sd_journal_seek_cursor (self->journal, self->cursor);

  if (result >= 0)
    result = sd_journal_next (self->journal);
  if (result > 0)
    self->is_on_entry = sd_journal_test_cursor (self->journal, self->cursor) <= 0;
  /* It is gone, and nothing came later, or it is no cursor: a journal that begins anew, perhaps with an older clock. */
  return result > 0 ? result : seek_since (self);
}

static int
open_at (JournalSource *self)
{
  /* journald keeps what people's processes write in files of their own. */
  int flags = SD_JOURNAL_LOCAL_ONLY | (self->reader.users == PG_ENTRY_SYSTEM ? SD_JOURNAL_SYSTEM : 0);
  int result =
      self->dir != NULL ? sd_journal_open_directory (&self->journal, self->dir, 0) : sd_journal_open (&self->journal, flags);

  if (result >= 0)
    result = sd_journal_get_fd (self->journal); /* before the first look, lest something come unseen */
  if (result >= 0)
    result = sd_journal_set_data_threshold (self->journal, PG_ENTRY_FIELD_MAX);
  if (result >= 0)
    result = add_matches (self);
  if (result >= 0)
    result = self->cursor != NULL ? seek_cursor (self) : seek_since (self);
  return result;
}

static void
open_journal (JournalSource *self)
{
  g_autoptr (GError) error = NULL;
  int result;

  if (self->dir != NULL && !self->trusts_any && !pg_trust_check_folder (self->dir, &error))
    {
      close_journal (self, g_strdup (error->message));
      return;
    }
  result = open_at (self);
  if (result < 0)
    fail (self, "open", result);
  else
    check_files (self);
}

/* A position that is no cursor is none: then the journal is read from the moment that is wanted. */
static void
start_journal (PgSource *base, GBytes *position, gint64 since_us, G_GNUC_UNUSED const PgClock *clock)
{
  JournalSource *self = (JournalSource *) base;
  gsize          len = 0;
  const char    *data = position != NULL ? g_bytes_get_data (position, &len) : NULL;

  self->since_us = since_us;
  if (len > 0 && len <= CURSOR_MAX && memchr (data, '\0', len) == NULL)
    self->cursor = g_strndup (data, len);
  open_journal (self);
}

/* --- reading --------------------------------------------------------------------------------------------------------- */

static int
get_fd (const PgSource *base)
{
  const JournalSource *self = (const JournalSource *) base;

  return self->journal != NULL ? sd_journal_get_fd (self->journal) : -1;
}

/* The entry that was read last is done with. */
static void
pass_entry (JournalSource *self)
{
  char *cursor = NULL;

  self->is_on_entry = FALSE;
  if (sd_journal_get_cursor (self->journal, &cursor) >= 0 && strlen (cursor) <= CURSOR_MAX)
    {
      g_free (self->cursor);
      self->cursor = g_strdup (cursor);
    }
  free (cursor);
}

/* FALSE: the entry's line was not taken. It stays the journal's present entry. */
static gboolean
give_entry (JournalSource *self, gsize *budget, const PgSourceSink *sink)
{
  gboolean is_line = self->is_held || pg_entry_reader_read (&self->reader, self->journal, self->line);

  self->is_held = is_line && !pg_source_give (&self->base, pg_span (self->line->str, self->line->len), sink);
  if (self->is_held)
    return FALSE;
  *budget -= MIN (*budget, ENTRY_COST + (is_line ? self->line->len : 0));
  pass_entry (self);
  return TRUE;
}

/* Goes to the next entry, if there is one that was not read yet. */
static gboolean
find_entry (JournalSource *self)
{
  int result = self->is_on_entry ? 1 : sd_journal_next (self->journal);

  if (result < 0)
    fail (self, "read", result);
  self->is_at_end = result == 0;
  self->is_on_entry = result > 0;
  return self->is_on_entry;
}

static gboolean
read_journal (PgSource *base, gsize budget, const PgSourceSink *sink)
{
  JournalSource *self = (JournalSource *) base;

  self->is_at_end = FALSE;
  if (self->journal == NULL)
    return FALSE;
  /* Takes the events: files that are new, or gone. Where reading goes on is known without them. */
  (void) sd_journal_process (self->journal);
  while (budget > 0)
    if (!find_entry (self) || !give_entry (self, &budget, sink))
      return FALSE;
  return TRUE;
}

static void
tick_journal (PgSource *base)
{
  JournalSource *self = (JournalSource *) base;

  if (self->journal == NULL)
    open_journal (self);
  else if (!self->is_held)
    check_files (self);
}

static PgSourceState
get_state (const PgSource *base)
{
  const JournalSource *self = (const JournalSource *) base;

  if (self->journal == NULL)
    return PG_SOURCE_BLIND;
  return self->is_at_end ? PG_SOURCE_CURRENT : PG_SOURCE_BEHIND;
}

static const char *
get_problem (const PgSource *base)
{
  return ((const JournalSource *) base)->problem;
}

static GBytes *
get_position (PgSource *base)
{
  const JournalSource *self = (const JournalSource *) base;

  return self->cursor != NULL ? g_bytes_new (self->cursor, strlen (self->cursor)) : NULL;
}

/* --- life ------------------------------------------------------------------------------------------------------------ */

static void
free_journal (PgSource *base)
{
  JournalSource *self = (JournalSource *) base;

  close_journal (self, NULL);
  g_strfreev (self->units);
  g_free (self->dir);
  g_free (self->cursor);
  g_string_free (self->line, TRUE);
  g_free (self);
}

static const PgSourceClass journal_class = {
  .start = start_journal,
  .fd = get_fd,
  .read = read_journal,
  .tick = tick_journal,
  .state = get_state,
  .problem = get_problem,
  .position = get_position,
  .free = free_journal,
};

PgSource *
pg_journal_source_new (const PgSourceSpec *spec, GError **error)
{
  PgEntryReader  reader;
  JournalSource *self;

  if (!pg_entry_reader_init (&reader, spec->uid, error))
    return NULL;
  self = g_new0 (JournalSource, 1);
  self->base.class = &journal_class;
  self->base.format = PG_HEAD_SYSLOG; /* what entries are made into */
  self->reader = reader;
  self->units = g_strdupv (spec->units);
  self->dir = g_strdup (spec->dir);
  self->trusts_any = spec->trusts_any;
  self->line = g_string_new (NULL);
  return &self->base;
}

#else

PgSource *
pg_journal_source_new (G_GNUC_UNUSED const PgSourceSpec *spec, GError **error)
{
  g_set_error_literal (error, PG_ERROR, PG_ERROR_VALUE, "expected no journal: popgate was built without libsystemd");
  return NULL;
}

#endif
