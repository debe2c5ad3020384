/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "control/message.h"

#include "core/error.h"

#define DEPTH_MAX 64

/* json-glib goes one call deeper for each bracket: a line of nothing else would be the end of a small stack. It takes comments
 * and 'strings' as well, where brackets and quotes mean nothing: they are no JSON, and may be deep. */
static gboolean
is_deep (PgSpan line)
{
  gboolean in_string = FALSE;
  guint    depth = 0;

  for (gsize i = 0; i < line.len && depth <= DEPTH_MAX; i++)
    if (in_string && line.data[i] == '\\')
      i++;
    else if (line.data[i] == '"')
      in_string = !in_string;
    else if (!in_string && (line.data[i] == '/' || line.data[i] == '\''))
      return TRUE;
    else if (!in_string && (line.data[i] == '[' || line.data[i] == '{'))
      depth++;
    else if (!in_string && (line.data[i] == ']' || line.data[i] == '}') && depth > 0)
      depth--;
  return depth > DEPTH_MAX;
}

JsonObject *
pg_message_parse (PgSpan line, GError **error)
{
  g_autoptr (JsonParser) parser = json_parser_new_immutable ();
  g_autoptr (GError) cause = NULL;
  JsonNode *root;

  if (is_deep (line))
    {
      g_set_error (error, PG_ERROR, PG_ERROR_SYNTAX, "expected a JSON object without comments and of at most %d levels",
                   DEPTH_MAX);
      return NULL;
    }
  if (!json_parser_load_from_data (parser, line.len > 0 ? line.data : "", (gssize) line.len, &cause))
    {
      g_set_error (error, PG_ERROR, PG_ERROR_SYNTAX, "expected a JSON object: %s", cause->message);
      return NULL;
    }
  root = json_parser_get_root (parser);
  if (root == NULL || !JSON_NODE_HOLDS_OBJECT (root))
    {
      g_set_error_literal (error, PG_ERROR, PG_ERROR_SYNTAX, "expected a JSON object");
      return NULL;
    }
  return json_node_dup_object (root);
}

char *
pg_message_to_line (JsonObject *object)
{
  g_autoptr (JsonNode) root = json_node_alloc ();
  g_autofree char *text = NULL;

  json_node_init_object (root, object);
  text = json_to_string (root, FALSE);
  return g_strconcat (text, "\n", NULL);
}

void
pg_message_set_text (JsonObject *object, const char *name, PgSpan text)
{
  g_autofree char *valid = g_utf8_make_valid (text.data, (gssize) text.len);

  json_object_set_string_member (object, name, valid);
}

void
pg_message_add_text (JsonArray *array, PgSpan text)
{
  g_autofree char *valid = g_utf8_make_valid (text.data, (gssize) text.len);

  json_array_add_string_element (array, valid);
}

void
pg_message_set_nullable (JsonObject *object, const char *name, const char *text)
{
  if (text != NULL)
    pg_message_set_text (object, name, pg_span_from_string (text));
  else
    json_object_set_null_member (object, name);
}

void
pg_message_set_time (JsonObject *object, const char *name, gint64 us)
{
  if (us == G_MININT64 || us == G_MAXINT64)
    json_object_set_null_member (object, name);
  else
    json_object_set_int_member (object, name, us / G_USEC_PER_SEC);
}

static JsonNode *
find_value (JsonObject *object, const char *name, GType type)
{
  JsonNode *node = json_object_get_member (object, name);

  return node != NULL && JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == type ? node : NULL;
}

const char *
pg_message_get_string (JsonObject *object, const char *name)
{
  JsonNode *node = find_value (object, name, G_TYPE_STRING);

  return node != NULL ? json_node_get_string (node) : NULL;
}

gint64
pg_message_get_int (JsonObject *object, const char *name, gint64 fallback)
{
  JsonNode *node = find_value (object, name, G_TYPE_INT64);

  return node != NULL ? json_node_get_int (node) : fallback;
}

gboolean
pg_message_get_flag (JsonObject *object, const char *name)
{
  JsonNode *node = find_value (object, name, G_TYPE_BOOLEAN);

  return node != NULL && json_node_get_boolean (node);
}

JsonObject *
pg_message_new_row (JsonObject *row)
{
  JsonObject *message = json_object_new ();

  json_object_set_object_member (message, "row", row);
  return message;
}

JsonObject *
pg_message_new_alive (void)
{
  JsonObject *message = json_object_new ();

  json_object_set_boolean_member (message, "alive", TRUE);
  return message;
}

JsonObject *
pg_message_new_exit (PgExit code, const char *error)
{
  JsonObject *message = json_object_new ();

  json_object_set_int_member (message, "exit", (gint64) code);
  if (error != NULL)
    pg_message_set_text (message, "error", pg_span_from_string (error));
  return message;
}
