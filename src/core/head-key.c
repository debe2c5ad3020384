/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/head-key.h"

static gsize
append (char *key, gsize at, PgSpan part)
{
  if (part.len > 0)
    memcpy (key + at, part.data, part.len);
  key[at + part.len] = ' ';
  return at + part.len + 1;
}

gboolean
pg_head_key (const PgHead *head, PgSpan pid, char out[PG_HEAD_KEY_MAX])
{
  gsize len;

  if (head->host.len > PG_HEAD_KEY_MAX || head->program.len > PG_HEAD_KEY_MAX || pid.len > PG_HEAD_KEY_MAX
      || head->host.len + head->program.len + pid.len + 4 > PG_HEAD_KEY_MAX)
    return FALSE;
  len = append (out, 0, head->host);
  len = append (out, len, head->program);
  len = append (out, len, pid);
  out[len] = '\0';
  return TRUE;
}
