/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "control/message.h"

#include "core/error.h"

#define DEPTH_MAX 64

#define ESCAPE_LEN 6 /* of a \u with its digits */

/* --- what json-glib is not given ------------------------------------------------------------------------------------- */

/* The UTF-16 unit of the \u escape that @text begins with; 0: there is none, or it is a NUL. */
static gunichar
unit_of (PgSpan text)
{
  gunichar unit = 0;

  if (text.len < ESCAPE_LEN || text.data[0] != '\\' || text.data[1] != 'u')
    return 0;
  for (gsize i = 2; i < ESCAPE_LEN; i++)
    {
      gint digit = g_ascii_xdigit_value (text.data[i]);

      if (digit < 0)
        return 0;
      unit = unit << 4 | (gunichar) digit;
    }
  return unit;
}

/* How long is the escape that @text begins with? 0: it is none of JSON (RFC 8259, section 7), or is no text: a NUL ends
 * json-glib's strings, it makes no UTF-8 of half a pair, takes any four bytes for digits, and reads C's octal numbers as well. */
static gsize
escape_len (PgSpan text)
{
  gunichar unit = unit_of (text);

  if (text.len < 2)
    return 0;
  if (text.data[1] != 'u')
    return memchr ("\"\\/bfnrt", text.data[1], 8) != NULL ? 2 : 0;
  if (unit == 0 || (unit >= 0xdc00 && unit <= 0xdfff))
    return 0;
  if (unit < 0xd800 || unit > 0xdbff)
    return ESCAPE_LEN;
  pg_span_skip (&text, ESCAPE_LEN);
  unit = unit_of (text);
  return unit >= 0xdc00 && unit <= 0xdfff ? 2 * ESCAPE_LEN : 0;
}

/* How long is the string, with its quotes, that @text begins with? 0: it has no end, or strange escapes in it. */
static gsize
string_len (PgSpan text)
{
  gsize at = 1;

  while (at < text.len && text.data[at] != '"')
    {
      gsize len = text.data[at] == '\\' ? escape_len (pg_span (text.data + at, text.len - at)) : 1;

      if (len == 0)
        return 0;
      at += len;
    }
  return at < text.len ? at + 1 : 0;
}

/* json-glib goes one call deeper for each bracket: a line of nothing else would be the end of a small stack. It takes comments
 * and 'strings' as well, where brackets and quotes mean nothing: they are no JSON, and may be deep. */
static gboolean
is_plain (PgSpan line)
{
  guint depth = 0;

  while (line.len > 0)
    {
      char  c = line.data[0];
      gsize len = c == '"' ? string_len (line) : 1;

      if (len == 0 || c == '/' || c == '\'')
        return FALSE;
      if (c == '[' || c == '{')
        depth++;
      else if ((c == ']' || c == '}') && depth > 0)
        depth--;
      if (depth > DEPTH_MAX)
        return FALSE;
      pg_span_skip (&line, len);
    }
  return TRUE;
}

/* --- lines ----------------------------------------------------------------------------------------------------------- */

JsonObject *
pg_message_parse (PgSpan line, GError **error)
{
  g_autoptr (JsonParser) parser = json_parser_new_immutable ();
  g_autoptr (GError) cause = NULL;
  JsonNode *root;

  if (!is_plain (line))
    {
      g_set_error (error, PG_ERROR, PG_ERROR_SYNTAX,
                   "expected a JSON object of at most %d levels, without comments, its strings whole and without NUL", DEPTH_MAX);
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

/* json-glib leaves some control characters as they are, among them those of eight bits, which some terminals obey. */
static void
append_without_controls (GString *line, const char *text)
{
  for (const char *at = text; *at != '\0'; at = g_utf8_next_char (at))
    {
      gunichar c = g_utf8_get_char (at);

      if (g_unichar_iscntrl (c))
        g_string_append_printf (line, "\\u%04x", c);
      else
        g_string_append_len (line, at, g_utf8_next_char (at) - at);
    }
}

char *
pg_message_to_line (JsonObject *object)
{
  g_autoptr (JsonNode) root = json_node_alloc ();
  g_autofree char *text = NULL;
  GString         *line = g_string_new (NULL);

  json_node_init_object (root, object);
  text = json_to_string (root, FALSE);
  append_without_controls (line, text);
  g_string_append_c (line, '\n');
  return g_string_free (line, FALSE);
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
