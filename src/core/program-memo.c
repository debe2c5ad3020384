/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/program-memo.h"

/* Programs of one family begin alike: "postfix/smtp", "postfix/smtpd", "postfix/qmgr". */
static gsize
place_of (PgSpan name)
{
  guint middle = (guchar) name.data[name.len / 2];
  guint last = (guchar) name.data[name.len - 1];

  return (name.len * 7 + middle * 3 + last * 5) % PG_PROGRAM_MEMO_PLACES;
}

static inline guint64
eight_at (const char *data)
{
  guint64 value;

  memcpy (&value, data, sizeof value);
  return value;
}

/* Nearly all are of 8 to 16 bytes: then two halves, which may overlap, are all of it. */
static inline gboolean
is_same (const char *a, const char *b, gsize len)
{
  if (len < 8 || len > 16)
    return memcmp (a, b, len) == 0;
  return eight_at (a) == eight_at (b) && eight_at (a + len - 8) == eight_at (b + len - 8);
}

guint
pg_program_memo_get (const PgProgramMemo *self, PgSpan name)
{
  gsize place;

  if (name.len == 0 || name.len > PG_PROGRAM_MEMO_NAME_MAX)
    return 0;
  place = place_of (name);
  if (self->places[place].len != name.len || !is_same (self->places[place].name, name.data, name.len))
    return 0;
  return self->places[place].what;
}

void
pg_program_memo_put (PgProgramMemo *self, PgSpan name, guint what)
{
  gsize place;

  if (name.len == 0 || name.len > PG_PROGRAM_MEMO_NAME_MAX)
    return;
  place = place_of (name);
  self->places[place].what = (guint8) what;
  self->places[place].len = (guint8) name.len;
  memcpy (self->places[place].name, name.data, name.len);
}
