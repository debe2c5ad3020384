/* SPDX-License-Identifier: GPL-3.0-or-later */
/* message: the control protocol's lines.
 *
 * One JSON object a line, UTF-8, LF. A request names a command; its answer is any number of {"row": {...}} and then one
 * {"exit": N} or {"exit": N, "error": "..."}. Whoever asks next on the same connection waits for that. Where an answer takes
 * its time, {"alive": true} tells in between that somebody still works on it.
 * Foreign text that is not UTF-8 gets U+FFFD for what is not.
 */
#pragma once

#include "core/span.h"

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/** PG_MESSAGE_MAX: bytes of the longest request, without its LF. */
#define PG_MESSAGE_MAX 16384

/** PgExit: how a command ends: popgate's exit codes. */
typedef enum
{
  PG_EXIT_OK = 0,
  PG_EXIT_NO = 1, /* may not relay; findings */
  PG_EXIT_USAGE = 2,
  PG_EXIT_FAILED = 3, /* can't tell; daemon unreachable or failed */
} PgExit;

/**
 * pg_message_parse:
 * @line: without its LF
 * @error: PG_ERROR_SYNTAX
 *
 * Returns: (transfer full): the object; unref with json_object_unref()
 */
G_GNUC_WARN_UNUSED_RESULT
JsonObject *pg_message_parse (PgSpan line, GError **error);

/** pg_message_to_line: @object in one line, with its LF; transfer full. */
char *pg_message_to_line (JsonObject *object) G_GNUC_WARN_UNUSED_RESULT;

/** pg_message_set_text: adds member @name with foreign text, made valid UTF-8. */
void pg_message_set_text (JsonObject *object, const char *name, PgSpan text);

/** pg_message_set_time: adds member @name: @us as whole seconds since the epoch, or null if it is G_MININT64 or G_MAXINT64. */
void pg_message_set_time (JsonObject *object, const char *name, gint64 us);

/** pg_message_add_text: adds an element to @array, as pg_message_set_text(). */
void pg_message_add_text (JsonArray *array, PgSpan text);

/** pg_message_set_nullable: as pg_message_set_text(); null if @text is NULL. */
void pg_message_set_nullable (JsonObject *object, const char *name, const char *text);

/** pg_message_get_string: member @name of @object; NULL if it is absent or no string. Borrowed. */
const char *pg_message_get_string (JsonObject *object, const char *name);

/** pg_message_get_int: member @name of @object; @fallback if it is absent or no integer. */
gint64 pg_message_get_int (JsonObject *object, const char *name, gint64 fallback);

/** pg_message_get_flag: TRUE if member @name of @object is true. */
gboolean pg_message_get_flag (JsonObject *object, const char *name);

/** pg_message_new_row: {"row": @row}; takes @row. */
JsonObject *pg_message_new_row (JsonObject *row);

/** pg_message_new_alive: {"alive": true}. */
JsonObject *pg_message_new_alive (void);

/** pg_message_new_exit: the end of an answer; @error (nullable): why. */
JsonObject *pg_message_new_exit (PgExit code, const char *error);

G_END_DECLS
