/* SPDX-License-Identifier: GPL-3.0-or-later */
/* parse-feed: a log's lines that may matter, in order. A thread of its own reads, unpacks and sifts them, ahead of who asks, by
 * so much as a few lots hold.
 */
#pragma once

#include "core/login-line.h"
#include "source/unpack.h"

G_BEGIN_DECLS

typedef struct _PgParseFeed PgParseFeed;

/** PgParseLine: line @number of the log, from 1. @text is borrowed from its lot. */
typedef struct
{
  guint64 number;
  PgSpan  text;
} PgParseLine;

/**
 * PgParseLot: what was left of some portions of the log; borrowed until the next one is asked for.
 * @format: of all its lines
 * @n_lines: how many they are; perhaps none
 * @is_short: more may be long in coming
 */
typedef struct
{
  PgHeadFormat       format;
  const PgParseLine *lines;
  gsize              n_lines;
  gboolean           is_short;
} PgParseLot;

/**
 * pg_parse_feed_new:
 * @unpack: (transfer full): the log
 * @format: of its heads; PG_HEAD_UNKNOWN: the first line that has one decides, and those before it are dropped
 * @rules: who may say that somebody logged in; its lists must outlive the feed, its memo is not used
 * @keeps_others: whether lines of known programs that tell no login are kept, too
 * @error: PG_ERROR_SYSTEM, if there can be no more threads
 *
 * Returns: (transfer full): free with pg_parse_feed_free()
 */
G_GNUC_WARN_UNUSED_RESULT
PgParseFeed *pg_parse_feed_new (PgUnpack *unpack, PgHeadFormat format, const PgLineRules *rules, gboolean keeps_others,
                                GError **error);

/** pg_parse_feed_free: ends @self, when the thread has read what it is reading; NULL is legal. */
void pg_parse_feed_free (PgParseFeed *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PgParseFeed, pg_parse_feed_free)

/**
 * pg_parse_feed_next:
 * @out: (out) (nullable): the next lot; NULL: that was the end
 * @error: as of pg_unpack_next(), when all before it was handed out
 *
 * Waits for it. After FALSE, or the end, only pg_parse_feed_free() is legal.
 */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_parse_feed_next (PgParseFeed *self, const PgParseLot **out, GError **error);

G_END_DECLS
