/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines of an export, as somebody else may have written them: what is read is within the bounds of what is stored, and is read as
 * the same again when it is written. */
#include "control/portable.h"

#include "common.h"

static const PgSecret secret = { "sixteen bytes.." };
static const PgHash   key = { "where it stands" };

/* Through a line, as it goes from one host to another. */
static JsonObject *
carry (JsonObject *object)
{
  g_autofree char *line = pg_message_to_line (object);
  JsonObject      *again;

  must (strlen (line) - 1 <= PG_PORTABLE_MAX);
  again = pg_portable_parse (pg_span (line, strlen (line) - 1), NULL);
  must (again != NULL && pg_portable_kind (again) == pg_portable_kind (object));
  json_object_unref (object);
  return again;
}

static void
check_note (const PgNote *note)
{
  g_autoptr (JsonObject) object = carry (pg_portable_note (note));
  PgNote again;
  guint8 bytes[2][PG_NOTE_SIZE];

  must (note->id == 0 && pg_note_makes_sense (note) && note->until_us > note->made_us);
  must (note->kind != PG_NOTE_ALLOW || note->target == PG_NOTE_NETWORK);
  must (pg_portable_read_note (object, &again, NULL));
  pg_note_encode (note, &secret, &key, bytes[0]);
  pg_note_encode (&again, &secret, &key, bytes[1]);
  must (memcmp (bytes[0], bytes[1], PG_NOTE_SIZE) == 0);
}

static void
check_grant (const PgRecord *record)
{
  g_autoptr (JsonObject) object = carry (pg_portable_grant (record));
  PgRecord again, stored;
  guint8   bytes[2][PG_RECORD_SIZE];

  for (guint i = 0; i < record->n_users; i++)
    must (record->users[i].login_us <= record->newest_us);
  must (pg_portable_read_grant (object, &again, NULL));
  pg_record_encode (record, &secret, &key, bytes[0]);
  pg_record_encode (&again, &secret, &key, bytes[1]);
  must (memcmp (bytes[0], bytes[1], PG_RECORD_SIZE) == 0);
  must (pg_record_decode (bytes[0], PG_RECORD_SIZE, &secret, &key, &stored, NULL));
}

static void
check_object (JsonObject *object)
{
  gint64   us = -1;
  guint64  n_notes, n_grants;
  PgNote   note;
  PgRecord record;

  switch (pg_portable_kind (object))
    {
    case PG_PORTABLE_HEADER:
      must (!pg_portable_read_header (object, &us, NULL) || us >= 0);
      break;
    case PG_PORTABLE_NOTE:
      if (pg_portable_read_note (object, &note, NULL))
        check_note (&note);
      break;
    case PG_PORTABLE_GRANT:
      if (pg_portable_read_grant (object, &record, NULL))
        check_grant (&record);
      break;
    case PG_PORTABLE_END:
      must (!pg_portable_read_end (object, &n_notes, &n_grants, NULL) || (n_notes <= G_MAXINT64 && n_grants <= G_MAXINT64));
      break;
    default:
      break;
    }
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autofree char *block = NULL;
  g_autoptr (JsonObject) object = pg_portable_parse (exact (&block, pg_span ((const char *) data, size)), NULL);

  if (object != NULL)
    check_object (object);
  return 0;
}
