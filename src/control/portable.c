/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "control/portable.h"

#include "core/duration.h"
#include "core/error.h"

/* The latest moment that is taken: the end of the year 9999. */
#define TIME_MAX_US (G_GINT64_CONSTANT (253402300800) * PG_SECOND)

/* A count is a number in JSON, of which no more is exact everywhere. */
#define COUNT_MAX (G_GINT64_CONSTANT (1) << 53)

#define BASE64 "_base64"

/* --- writing --------------------------------------------------------------------------------------------------------- */

static void
set_text (JsonObject *object, const char *name, PgSpan text)
{
  g_autofree char *other_name = NULL;
  g_autofree char *coded = NULL;

  if (g_utf8_validate_len (text.data, text.len, NULL))
    {
      pg_message_set_text (object, name, text);
      return;
    }
  other_name = g_strconcat (name, BASE64, NULL);
  coded = g_base64_encode ((const guchar *) text.data, text.len);
  json_object_set_string_member (object, other_name, coded);
}

static void
set_time (JsonObject *object, const char *name, gint64 us, gint64 none)
{
  if (us == none)
    json_object_set_null_member (object, name);
  else
    json_object_set_int_member (object, name, us);
}

JsonObject *
pg_portable_header (const char *version, gint64 now_us)
{
  JsonObject *object = json_object_new ();

  json_object_set_int_member (object, "popgate_export", PG_PORTABLE_VERSION);
  json_object_set_string_member (object, "version", version);
  json_object_set_int_member (object, "time_us", now_us);
  return object;
}

JsonObject *
pg_portable_note (const PgNote *note)
{
  JsonObject      *object = json_object_new ();
  g_autofree char *target = pg_note_target_to_string (note);

  json_object_set_string_member (object, "note", pg_note_kind_to_string (note->kind));
  set_text (object, "target", pg_span_from_string (target));
  set_text (object, "by", pg_span_from_string (note->by));
  json_object_set_int_member (object, "made_us", note->made_us);
  set_time (object, "until_us", note->until_us, PG_NOTE_FOREVER);
  set_text (object, "why", pg_span_from_string (note->why));
  return object;
}

static JsonObject *
describe_user (const PgRecord *record, guint index)
{
  const PgRecordUser *user = &record->users[index];
  JsonObject         *object = json_object_new ();

  set_text (object, "user", pg_record_user_name (record, index));
  json_object_set_int_member (object, "time_us", user->login_us);
  json_object_set_string_member (object, "service", pg_service_to_string (user->service));
  json_object_set_string_member (object, "server", pg_server_to_string (user->server));
  return object;
}

JsonObject *
pg_portable_grant (const PgRecord *record)
{
  JsonObject *object = json_object_new ();
  JsonArray  *users = json_array_sized_new (record->n_users);
  char        address[PG_ADDRESS_TEXT_MAX];

  json_object_set_string_member (object, "grant", pg_address_to_string (&record->address, address));
  set_time (object, "newest_us", record->newest_us, PG_RECORD_NEVER);
  set_time (object, "first_us", record->first_us, PG_RECORD_NEVER);
  json_object_set_int_member (object, "count", (gint64) MIN (record->logins, (guint64) COUNT_MAX));
  set_time (object, "dropped_us", record->dropped_us, PG_RECORD_NEVER);
  for (guint i = 0; i < record->n_users; i++)
    json_array_add_object_element (users, describe_user (record, i));
  json_object_set_array_member (object, "users", users);
  return object;
}

JsonObject *
pg_portable_end (guint64 n_notes, guint64 n_grants)
{
  JsonObject *object = json_object_new ();

  json_object_set_boolean_member (object, "end", TRUE);
  json_object_set_int_member (object, "notes", (gint64) n_notes);
  json_object_set_int_member (object, "grants", (gint64) n_grants);
  return object;
}

/* --- reading members ------------------------------------------------------------------------------------------------- */

static gboolean
fail (const char *name, const char *expected, GError **error)
{
  g_set_error (error, PG_ERROR, PG_ERROR_VALUE, "\"%s\": expected %s", name, expected);
  return FALSE;
}

static gboolean
read_number (JsonObject *object, const char *name, gint64 min, gint64 max, gint64 *out, GError **error)
{
  gint64           value = pg_message_get_int (object, name, G_MININT64);
  g_autofree char *expected = NULL;

  if (value >= min && value <= max)
    {
      *out = value;
      return TRUE;
    }
  expected = g_strdup_printf ("a whole number of %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT, min, max);
  return fail (name, expected, error);
}

static gboolean
read_time (JsonObject *object, const char *name, gint64 *out, GError **error)
{
  gint64 value = pg_message_get_int (object, name, G_MININT64);

  if (value < 0 || value > TIME_MAX_US)
    return fail (name, "a time in microseconds since the Epoch", error);
  *out = value;
  return TRUE;
}

/* A time, or null, which stands for @none. */
static gboolean
read_time_or_null (JsonObject *object, const char *name, gint64 none, gint64 *out, GError **error)
{
  if (!json_object_has_member (object, name) || !json_object_get_null_member (object, name))
    return read_time (object, name, out, error);
  *out = none;
  return TRUE;
}

/* GLib skips what is no digit of it; then the same text does not come out again. */
static GBytes *
decode_base64 (JsonObject *object, const char *name)
{
  g_autofree char   *other_name = g_strconcat (name, BASE64, NULL);
  g_autofree char   *again = NULL;
  g_autofree guchar *data = NULL;
  const char        *coded = pg_message_get_string (object, other_name);
  gsize              len;

  if (coded == NULL || coded[0] == '\0')
    return NULL;
  data = g_base64_decode (coded, &len);
  again = g_base64_encode (data, len);
  return g_str_equal (coded, again) ? g_bytes_new_take (g_steal_pointer (&data), len) : NULL;
}

/* Text of @min to @max bytes; any bytes. */
static gboolean
read_bytes (JsonObject *object, const char *name, gsize min, gsize max, GBytes **out, GError **error)
{
  const char      *text = pg_message_get_string (object, name);
  GBytes          *bytes = text != NULL ? g_bytes_new (text, strlen (text)) : decode_base64 (object, name);
  g_autofree char *expected = NULL;

  if (bytes != NULL && g_bytes_get_size (bytes) >= min && g_bytes_get_size (bytes) <= max)
    {
      *out = bytes;
      return TRUE;
    }
  g_clear_pointer (&bytes, g_bytes_unref);
  expected = g_strdup_printf ("text of %zu to %zu bytes", min, max);
  return fail (name, expected, error);
}

static PgSpan
span_of (GBytes *bytes)
{
  gsize       len;
  const char *data = g_bytes_get_data (bytes, &len);

  return pg_span (data, len);
}

/* @out: an array of @max + 1 bytes. */
static gboolean
read_text (JsonObject *object, const char *name, gsize max, char *out, GError **error)
{
  g_autoptr (GBytes) bytes = NULL;
  PgSpan text;

  if (!read_bytes (object, name, 0, max, &bytes, error))
    return FALSE;
  text = span_of (bytes);
  if (text.len > 0 && memchr (text.data, '\0', text.len) != NULL)
    return fail (name, "text without NUL bytes", error);
  if (text.len > 0)
    memcpy (out, text.data, text.len);
  out[text.len] = '\0';
  return TRUE;
}

/* --- reading objects ------------------------------------------------------------------------------------------------- */

JsonObject *
pg_portable_parse (PgSpan line, GError **error)
{
  if (line.len > PG_PORTABLE_MAX)
    {
      g_set_error (error, PG_ERROR, PG_ERROR_LIMIT, "expected a line of at most %d bytes", PG_PORTABLE_MAX);
      return NULL;
    }
  return pg_message_parse (line, error);
}

PgPortableKind
pg_portable_kind (JsonObject *object)
{
  static const struct
  {
    const char    *name;
    PgPortableKind kind;
  } kinds[] = {
    { "popgate_export", PG_PORTABLE_HEADER },
    { "note", PG_PORTABLE_NOTE },
    { "grant", PG_PORTABLE_GRANT },
    { "end", PG_PORTABLE_END },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (json_object_has_member (object, kinds[i].name))
      return kinds[i].kind;
  return PG_PORTABLE_UNKNOWN;
}

gboolean
pg_portable_read_header (JsonObject *object, gint64 *out_us, GError **error)
{
  gint64 version;

  if (!read_number (object, "popgate_export", 1, G_MAXINT32, &version, error) || !read_time (object, "time_us", out_us, error))
    return FALSE;
  if (version == PG_PORTABLE_VERSION)
    return TRUE;
  g_set_error (error, PG_ERROR, PG_ERROR_VERSION,
               "an export of format %" G_GINT64_FORMAT ": this popgate knows format %d; use a later one", version,
               PG_PORTABLE_VERSION);
  return FALSE;
}

gboolean
pg_portable_read_end (JsonObject *object, guint64 *out_notes, guint64 *out_grants, GError **error)
{
  gint64 n_notes, n_grants;

  if (!pg_message_get_flag (object, "end"))
    return fail ("end", "true", error);
  if (!read_number (object, "notes", 0, COUNT_MAX, &n_notes, error)
      || !read_number (object, "grants", 0, COUNT_MAX, &n_grants, error))
    return FALSE;
  *out_notes = (guint64) n_notes;
  *out_grants = (guint64) n_grants;
  return TRUE;
}

static gboolean
read_target (JsonObject *object, PgNote *out, GError **error)
{
  g_autoptr (GBytes) bytes = NULL;

  if (!read_bytes (object, "target", 1, strlen ("user:") + PG_USER_MAX, &bytes, error))
    return FALSE;
  out->target = PG_NOTE_ALL;
  if (!pg_span_is (span_of (bytes), "all") && !pg_note_set_target (out, span_of (bytes), error))
    {
      g_prefix_error (error, "\"target\": ");
      return FALSE;
    }
  if (pg_note_makes_sense (out) && (out->kind != PG_NOTE_ALLOW || out->target == PG_NOTE_NETWORK))
    return TRUE;
  return fail ("target", "one that goes with the kind of note", error);
}

gboolean
pg_portable_read_note (JsonObject *object, PgNote *out, GError **error)
{
  const char *kind = pg_message_get_string (object, "note");

  *out = (PgNote){ .until_us = PG_NOTE_FOREVER };
  if (kind == NULL || !pg_note_kind_from_span (pg_span_from_string (kind), &out->kind))
    return fail ("note", "allow, deny, revoke or freeze", error);
  if (!read_target (object, out, error) || !read_text (object, "by", PG_NOTE_BY_MAX, out->by, error)
      || !read_time (object, "made_us", &out->made_us, error)
      || !read_time_or_null (object, "until_us", PG_NOTE_FOREVER, &out->until_us, error)
      || !read_text (object, "why", PG_NOTE_WHY_MAX, out->why, error))
    return FALSE;
  return out->until_us > out->made_us || fail ("until_us", "a time behind made_us, or null", error);
}

static gboolean
read_user (JsonObject *object, PgRecord *out, GError **error)
{
  g_autoptr (GBytes) name = NULL;
  const char *service = pg_message_get_string (object, "service");
  const char *server = pg_message_get_string (object, "server");
  PgLogin     login = { 0 };

  if (!read_bytes (object, "user", 1, PG_USER_MAX, &name, error) || !read_time (object, "time_us", &login.time_us, error))
    return FALSE;
  if (service == NULL || !pg_service_from_span (pg_span_from_string (service), &login.service))
    return fail ("service", "pop3, imap, submission or sieve", error);
  if (server == NULL || !pg_server_from_span (pg_span_from_string (server), &login.server))
    return fail ("server", "a server that is known here", error);
  login.user = span_of (name);
  if (pg_record_find_user (out, login.user) >= 0)
    return fail ("user", "each user once", error);
  pg_record_add_login (out, &login);
  return TRUE;
}

/* The last one first: of two at the same time the one that comes later is placed before. */
static gboolean
read_users (JsonObject *object, PgRecord *out, GError **error)
{
  JsonNode  *node = json_object_get_member (object, "users");
  JsonArray *users = node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
  guint      n = users != NULL ? json_array_get_length (users) : 0;

  if (users == NULL || n > PG_RECORD_USERS_MAX)
    return fail ("users", "an array of at most " G_STRINGIFY (PG_RECORD_USERS_MAX) " users", error);
  for (guint i = n; i-- > 0;)
    {
      JsonNode *user = json_array_get_element (users, i);

      if (!JSON_NODE_HOLDS_OBJECT (user))
        return fail ("users", "an array of objects", error);
      if (!read_user (json_node_get_object (user), out, error))
        return FALSE;
    }
  return out->n_users == n || fail ("users", "no more than fit in a record", error);
}

/* The times of the whole have to go with those of its users. */
static gboolean
check_times (const PgRecord *record, gint64 newest_us, GError **error)
{
  if (newest_us < record->newest_us || newest_us > MAX (record->newest_us, record->dropped_us))
    return fail ("newest_us", "the time of the newest login", error);
  if (record->first_us != PG_RECORD_NEVER && record->first_us > newest_us)
    return fail ("first_us", "a time not behind newest_us", error);
  return TRUE;
}

gboolean
pg_portable_read_grant (JsonObject *object, PgRecord *out, GError **error)
{
  const char *text = pg_message_get_string (object, "grant");
  gint64      newest_us, count;
  PgAddress   address;

  if (text == NULL || !pg_address_parse (pg_span_from_string (text), &address))
    return fail ("grant", "an IP address", error);
  pg_record_init (out, &address);
  if (!read_users (object, out, error) || !read_time_or_null (object, "newest_us", PG_RECORD_NEVER, &newest_us, error)
      || !read_time_or_null (object, "first_us", PG_RECORD_NEVER, &out->first_us, error)
      || !read_number (object, "count", 0, COUNT_MAX, &count, error)
      || !read_time_or_null (object, "dropped_us", PG_RECORD_NEVER, &out->dropped_us, error)
      || !check_times (out, newest_us, error))
    return FALSE;
  out->newest_us = newest_us;
  out->logins = (guint64) count;
  return TRUE;
}
