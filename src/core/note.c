/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/note.h"

#include "core/bytes.h"
#include "core/error.h"

#define VERSION 1
#define KIND_AT 16
#define TARGET_AT 17
#define PREFIX_AT 18
#define BY_LEN_AT 19
#define USER_LEN_AT 20
#define WHY_LEN_AT 21
#define ID_AT 24
#define BASE_AT 32
#define MADE_AT 48
#define UNTIL_AT 56
#define BY_AT 64
#define USER_AT (BY_AT + PG_NOTE_BY_MAX)
#define WHY_AT (USER_AT + PG_USER_MAX)

G_STATIC_ASSERT (VERSION <= PG_FRAME_VERSION_MAX);
G_STATIC_ASSERT (WHY_AT + PG_NOTE_WHY_MAX <= PG_NOTE_SIZE);

static const char *const kind_names[] = { "?", "allow", "deny", "revoke", "freeze" };

const char *
pg_note_kind_to_string (PgNoteKind kind)
{
  return kind_names[(gsize) kind < G_N_ELEMENTS (kind_names) ? kind : 0];
}

gboolean
pg_note_kind_from_span (PgSpan name, PgNoteKind *out)
{
  for (guint kind = PG_NOTE_ALLOW; kind < G_N_ELEMENTS (kind_names); kind++)
    if (pg_span_is (name, kind_names[kind]))
      {
        *out = (PgNoteKind) kind;
        return TRUE;
      }
  return FALSE;
}

static gboolean
set_user (PgNote *self, PgSpan name, GError **error)
{
  if (name.len == 0 || name.len > PG_USER_MAX || memchr (name.data, '\0', name.len) != NULL)
    {
      g_set_error (error, PG_ERROR, PG_ERROR_VALUE, "a user name behind \"user:\": expected 1 to %d bytes", PG_USER_MAX);
      return FALSE;
    }
  for (gsize i = 0; i < name.len; i++)
    self->user[i] = g_ascii_tolower (name.data[i]);
  self->user[name.len] = '\0';
  self->target = PG_NOTE_USER;
  return TRUE;
}

gboolean
pg_note_set_target (PgNote *self, PgSpan text, GError **error)
{
  if (pg_span_take (&text, "user:"))
    return set_user (self, text, error);
  if (!pg_network_parse (text, &self->network, error))
    return FALSE;
  self->target = PG_NOTE_NETWORK;
  return TRUE;
}

char *
pg_note_target_to_string (const PgNote *self)
{
  char buffer[PG_NETWORK_TEXT_MAX];

  if (self->target == PG_NOTE_USER)
    return g_strconcat ("user:", self->user, NULL);
  return g_strdup (self->target == PG_NOTE_NETWORK ? pg_network_to_string (&self->network, buffer) : "all");
}

gboolean
pg_note_is_same_target (const PgNote *a, const PgNote *b)
{
  if (a->target != b->target)
    return FALSE;
  if (a->target == PG_NOTE_USER)
    return strcmp (a->user, b->user) == 0;
  return a->target == PG_NOTE_ALL
         || (a->network.prefix == b->network.prefix && pg_address_equal (&a->network.base, &b->network.base));
}

static void
put_text (guint8 *out, gsize at, gsize len_at, const char *text)
{
  gsize len = strlen (text);

  memcpy (out + at, text, len);
  out[len_at] = (guint8) len;
}

void
pg_note_encode (const PgNote *self, const PgSecret *secret, const PgHash *key, guint8 out[PG_NOTE_SIZE])
{
  memset (out, 0, PG_NOTE_SIZE);
  out[KIND_AT] = (guint8) self->kind;
  out[TARGET_AT] = (guint8) self->target;
  out[PREFIX_AT] = self->network.prefix;
  pg_bytes_put_u64 (out + ID_AT, self->id);
  memcpy (out + BASE_AT, self->network.base.bytes, sizeof self->network.base.bytes);
  pg_bytes_put_i64 (out + MADE_AT, self->made_us);
  pg_bytes_put_i64 (out + UNTIL_AT, self->until_us);
  put_text (out, BY_AT, BY_LEN_AT, self->by);
  put_text (out, USER_AT, USER_LEN_AT, self->user);
  put_text (out, WHY_AT, WHY_LEN_AT, self->why);
  pg_frame_seal (out, PG_NOTE_SIZE, PG_FRAME_NOTE, VERSION, secret, key);
}

static gboolean
get_text (const guint8 *data, gsize at, gsize len_at, gsize max, char *out)
{
  gsize len = data[len_at];

  if (len > max || memchr (data + at, '\0', len) != NULL)
    return FALSE;
  memcpy (out, data + at, len);
  out[len] = '\0';
  return TRUE;
}

/* What no admin can have made would do something that nobody asked for. */
gboolean
pg_note_makes_sense (const PgNote *self)
{
  if ((self->kind == PG_NOTE_FREEZE) != (self->target == PG_NOTE_ALL))
    return FALSE;
  if (self->target == PG_NOTE_USER)
    return self->user[0] != '\0';
  return self->target == PG_NOTE_ALL || pg_network_covers (&self->network, &self->network.base);
}

static gboolean
get_fields (const guint8 *data, PgNote *out)
{
  *out = (PgNote){
    .kind = data[KIND_AT],
    .target = data[TARGET_AT],
    .network.prefix = data[PREFIX_AT],
    .id = pg_bytes_get_u64 (data + ID_AT),
    .made_us = pg_bytes_get_i64 (data + MADE_AT),
    .until_us = pg_bytes_get_i64 (data + UNTIL_AT),
  };
  memcpy (out->network.base.bytes, data + BASE_AT, sizeof out->network.base.bytes);
  return out->kind >= PG_NOTE_ALLOW && out->kind <= PG_NOTE_FREEZE && out->target <= PG_NOTE_USER && out->network.prefix <= 128
         && out->id != 0 && get_text (data, BY_AT, BY_LEN_AT, PG_NOTE_BY_MAX, out->by)
         && get_text (data, USER_AT, USER_LEN_AT, PG_USER_MAX, out->user)
         && get_text (data, WHY_AT, WHY_LEN_AT, PG_NOTE_WHY_MAX, out->why) && pg_note_makes_sense (out);
}

gboolean
pg_note_decode (const guint8 *data, gsize size, const PgSecret *secret, const PgHash *key, PgNote *out, GError **error)
{
  if (!pg_frame_check (data, size, PG_NOTE_SIZE, PG_FRAME_NOTE, VERSION, secret, key, error))
    return FALSE;
  if (get_fields (data, out))
    return TRUE;
  g_set_error_literal (error, PG_ERROR, PG_ERROR_DAMAGED, "a stored note has a field out of range");
  return FALSE;
}
