/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bytes: integers in stored bytes, little-endian on every machine. Pure. */
#pragma once

#include <glib.h>
#include <string.h>

G_BEGIN_DECLS

static inline guint64
pg_bytes_get_u64 (const guint8 *at)
{
  guint64 value;

  memcpy (&value, at, sizeof value);
  return GUINT64_FROM_LE (value);
}

static inline void
pg_bytes_put_u64 (guint8 *at, guint64 value)
{
  value = GUINT64_TO_LE (value);
  memcpy (at, &value, sizeof value);
}

static inline guint32
pg_bytes_get_u32 (const guint8 *at)
{
  guint32 value;

  memcpy (&value, at, sizeof value);
  return GUINT32_FROM_LE (value);
}

static inline void
pg_bytes_put_u32 (guint8 *at, guint32 value)
{
  value = GUINT32_TO_LE (value);
  memcpy (at, &value, sizeof value);
}

static inline gint64
pg_bytes_get_i64 (const guint8 *at)
{
  return (gint64) pg_bytes_get_u64 (at);
}

static inline void
pg_bytes_put_i64 (guint8 *at, gint64 value)
{
  pg_bytes_put_u64 (at, (guint64) value);
}

G_END_DECLS
