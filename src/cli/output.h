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
#define PG_OUTPUT_COLOUR_OFF "\033[0m"

/** pg_output_is_coloured: TRUE if the standard output is a terminal that may be coloured. */
gboolean pg_output_is_coloured (void);

/** pg_output_print: prints a line in @tone; foreign text must be escaped by the caller. */
void pg_output_print (PgOutputTone tone, const char *format, ...) G_GNUC_PRINTF (2, 3);

/** pg_output_json: prints @row as one line. */
void pg_output_json (JsonObject *row);

/** pg_output_text: member @name of @row, escaped; "-" if it is absent or empty. Transfer full. */
char *pg_output_text (JsonObject *row, const char *name) G_GNUC_WARN_UNUSED_RESULT;

/** pg_output_clock: @epoch_s as local date and time; "-" if it is 0. Transfer full. */
char *pg_output_clock (gint64 epoch_s) G_GNUC_WARN_UNUSED_RESULT;

/** pg_output_finish: FALSE, told on the standard error, if not all could be written. */
gboolean pg_output_finish (void);

G_END_DECLS
