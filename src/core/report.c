/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/report.h"

#include "core/bytes.h"

static const char head[4] = { 'p', 'g', 'l', 1 };

#define HEAD_SIZE (sizeof head + sizeof (gint64))
#define TEXT_MAX 255
#define N_TEXTS 4

/* Appends @text behind the @at bytes of @out. Returns how many there are now, 0 if it does not fit. */
static gsize
put_text (PgSpan text, guint8 *out, gsize at)
{
  if (text.len > TEXT_MAX || text.len >= PG_REPORT_MAX - at)
    return 0;
  out[at] = (guint8) text.len;
  if (text.len > 0)
    memcpy (out + at + 1, text.data, text.len);
  return at + 1 + text.len;
}

gsize
pg_report_encode (const PgReport *self, guint8 out[PG_REPORT_MAX])
{
  const PgSpan texts[N_TEXTS] = { self->service, self->address, self->server_address, self->user };
  gsize        at = HEAD_SIZE;

  memcpy (out, head, sizeof head);
  pg_bytes_put_i64 (out + sizeof head, self->time_us);
  for (guint i = 0; i < N_TEXTS && at != 0; i++)
    at = put_text (texts[i], out, at);
  return at;
}

static gboolean
get_text (PgSpan *bytes, PgSpan *out)
{
  gsize len = bytes->len > 0 ? (guchar) bytes->data[0] : 0;

  if (bytes->len < 1 + len)
    return FALSE;
  *out = pg_span (bytes->data + 1, len);
  pg_span_skip (bytes, 1 + len);
  return TRUE;
}

gboolean
pg_report_decode (PgSpan bytes, PgReport *out)
{
  if (bytes.len < HEAD_SIZE || bytes.len > PG_REPORT_MAX || memcmp (bytes.data, head, sizeof head) != 0)
    return FALSE;
  out->time_us = pg_bytes_get_i64 ((const guint8 *) bytes.data + sizeof head);
  pg_span_skip (&bytes, HEAD_SIZE);
  return get_text (&bytes, &out->service) && get_text (&bytes, &out->address) && get_text (&bytes, &out->server_address)
         && get_text (&bytes, &out->user) && bytes.len == 0;
}
