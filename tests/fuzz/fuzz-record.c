/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Stored records and notes: bytes of any kind, unsealed and sealed; what is read is written as it is read again. */
#include "core/note.h"
#include "core/noteset.h"
#include "core/record.h"

#include "common.h"

static const PgSecret secret = { "sixteen bytes.." };
static const PgHash   key = { "where it stands" };

static void
check_record (const PgRecord *record)
{
  guint8   bytes[PG_RECORD_SIZE];
  guint8   again_bytes[PG_RECORD_SIZE];
  PgRecord again;

  must (record->n_users <= PG_RECORD_USERS_MAX);
  for (guint i = 0; i < record->n_users; i++)
    {
      PgSpan name = pg_record_user_name (record, i);

      must (name.data >= record->names && name.data + name.len <= record->names + sizeof record->names);
      must (pg_record_find_user (record, name) >= 0);
    }
  pg_record_encode (record, &secret, &key, bytes);
  must (pg_record_decode (bytes, sizeof bytes, &secret, &key, &again, NULL));
  pg_record_encode (&again, &secret, &key, again_bytes);
  must (memcmp (bytes, again_bytes, sizeof bytes) == 0);
}

/* Logins after that, as the input says: "time length name", one behind the other. */
static void
add_logins (PgRecord *record, PgSpan input)
{
  while (input.len >= 3)
    {
      PgLogin login = { .service = PG_SERVICE_POP3, .server = PG_SERVER_DOVECOT };
      gint64  newest_us = record->newest_us;
      guint64 logins = record->logins;

      login.time_us = (gint64) take_byte (&input) * 1000;
      login.user.len = 1 + take_byte (&input) % PG_USER_MAX;
      login.user.len = MIN (login.user.len, input.len);
      login.user.data = input.data;
      pg_span_skip (&input, login.user.len);
      pg_record_add_login (record, &login);
      must (record->newest_us >= newest_us && record->newest_us >= login.time_us);
      must (record->first_us <= login.time_us && record->logins == logins + 1);
      must (pg_record_find_user (record, login.user) >= 0 || record->dropped_us >= login.time_us);
      check_record (record);
    }
}

static void
fuzz_record (PgSpan input)
{
  g_autofree guint8 *bytes = g_malloc0 (PG_RECORD_SIZE);
  gsize              len = MIN (input.len, PG_RECORD_SIZE);
  PgRecord           record;

  if (len > 0)
    memcpy (bytes, input.data, len);
  pg_span_skip (&input, len);
  must (!pg_record_decode (bytes, PG_RECORD_SIZE, &secret, &key, &record, NULL));
  pg_frame_seal (bytes, PG_RECORD_SIZE, PG_FRAME_GRANT, 1, &secret, &key);
  if (!pg_record_decode (bytes, PG_RECORD_SIZE, &secret, &key, &record, NULL))
    return;
  check_record (&record);
}

static void
fuzz_logins (PgSpan input)
{
  PgAddress address = { { 0 } };
  PgRecord  record;

  pg_record_init (&record, &address);
  add_logins (&record, input);
}

static void
check_note (const PgNote *note)
{
  g_autoptr (PgNoteset) set = pg_noteset_new ();
  guint8                bytes[PG_NOTE_SIZE];
  PgNote                again;

  pg_note_encode (note, &secret, &key, bytes);
  must (pg_note_decode (bytes, sizeof bytes, &secret, &key, &again, NULL));
  must (again.id == note->id && again.kind == note->kind && pg_note_is_same_target (&again, note));
  must (g_str_equal (again.by, note->by) && g_str_equal (again.why, note->why));
  pg_noteset_add (set, note);
  must (pg_noteset_find (set, note->kind, note) == pg_noteset_get (set, note->id));
  if (note->target == PG_NOTE_NETWORK)
    must (pg_noteset_covering (set, note->kind, &note->network.base, note->until_us - 1) != NULL);
  must (pg_noteset_remove (set, note->id) && pg_noteset_size (set) == 0);
}

static void
fuzz_note (PgSpan input)
{
  g_autofree guint8 *bytes = g_malloc0 (PG_NOTE_SIZE);
  gsize              len = MIN (input.len, PG_NOTE_SIZE - PG_FRAME_HEADER);
  PgNote             note;

  if (len > 0)
    memcpy (bytes + PG_FRAME_HEADER, input.data, len);
  pg_frame_seal (bytes, PG_NOTE_SIZE, PG_FRAME_NOTE, 1, &secret, &key);
  if (pg_note_decode (bytes, PG_NOTE_SIZE, &secret, &key, &note, NULL) && note.until_us != G_MININT64)
    check_note (&note);
}

static void
fuzz_raw (PgSpan input)
{
  g_autofree char *block = NULL;
  PgSpan           bytes = exact (&block, input);
  PgRecord         record;
  PgNote           note;

  must (!pg_record_decode ((const guint8 *) bytes.data, bytes.len, &secret, &key, &record, NULL));
  must (!pg_note_decode ((const guint8 *) bytes.data, bytes.len, &secret, &key, &note, NULL));
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  PgSpan input = pg_span ((const char *) data, size);

  switch (take_byte (&input) % 4)
    {
    case 0:
      fuzz_record (input);
      break;
    case 1:
      fuzz_note (input);
      break;
    case 2:
      fuzz_logins (input);
      break;
    default:
      fuzz_raw (input);
      break;
    }
  return 0;
}
