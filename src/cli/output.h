/* SPDX-License-Identifier: GPL-3.0-or-later */
/* output: for people's eyes. Foreign text is escaped; colour only on a terminal, and not if NO_COLOR is set. */
#pragma once

#include "control/message.h"

G_BEGIN_DECLS

typedef enum
{
  PG_OUTPUT_PLAIN,
  PG_OUTPUT_GOOD,
  PG_OUTPUT_BAD,
  PG_OUTPUT_DOUBT,
} PgOutputTone;

#define PG_OUTPUT_COLOUR_GOOD "\033[32m"
#define PG_OUTPUT_COLOUR_BAD "\033[31m"
#define PG_OUTPUT_COLOUR_DOUBT "\033[33m"
#define PG_OUTPUT_COLOUR_TITLE "\033[1m"
#define PG_OUTPUT_COLOUR_OFF "\033[0m"

/** PG_OUTPUT_WIDTH: columns that what is told on a terminal has to fit in. */
#define PG_OUTPUT_WIDTH 80

/** pg_output_is_terminal: TRUE if somebody looks at the standard output; else it is to be read by programs. */
gboolean pg_output_is_terminal (void);

/** pg_output_width: columns of the terminal, PG_OUTPUT_WIDTH or more. */
guint pg_output_width (void);

/** pg_output_is_coloured: TRUE if the standard output is a terminal that may be coloured. */
gboolean pg_output_is_coloured (void);

/** pg_output_print: prints a line in @tone; foreign text must be escaped by the caller. */
void pg_output_print (PgOutputTone tone, const char *format, ...) G_GNUC_PRINTF (2, 3);

/**
 * pg_output_hang:
 * @label: what stands in front, padded to @indent columns; shorter than a line
 * @text: ASCII; on a terminal it is broken where it would be too long, at blanks if it can be, and goes on @indent columns from
 *   the left
 */
void pg_output_hang (PgOutputTone tone, const char *label, guint indent, const char *text);

/** pg_output_title: prints a line that stands above others: bold, where there may be colour. */
void pg_output_title (const char *text);

/** pg_output_json: prints @row as one line. */
void pg_output_json (JsonObject *row);

/** pg_output_text: member @name of @row, escaped; "-" if it is absent or empty. Transfer full. */
char *pg_output_text (JsonObject *row, const char *name) G_GNUC_WARN_UNUSED_RESULT;

/** pg_output_clock: @epoch_s as local date and time; "-" if it is 0. Transfer full. */
char *pg_output_clock (gint64 epoch_s) G_GNUC_WARN_UNUSED_RESULT;

/** pg_output_span: @seconds (0 or more) in its greatest unit: "12m", "0s". Transfer full. */
char *pg_output_span (gint64 seconds) G_GNUC_WARN_UNUSED_RESULT;

/** pg_output_since: how @epoch_s lies to @now_s: "12m ago", "in 3h", "now"; with @in_full in two units: "12m 5s ago". Transfer
 * full.
 */
char *pg_output_since (gint64 epoch_s, gint64 now_s, gboolean in_full) G_GNUC_WARN_UNUSED_RESULT;

/** pg_output_finish: FALSE, told on the standard error, if not all could be written. */
gboolean pg_output_finish (void);

G_END_DECLS
