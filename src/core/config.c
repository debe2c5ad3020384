/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/config.h"

#include "core/duration.h"
#include "core/error.h"
#include "core/reply.h"
#include "core/source-spec.h"

#include <stddef.h>

typedef struct _Row Row;

/* Reads @text into the field at @field. On failure says in @expected what the row wants, beyond the row's own words. */
typedef gboolean (*ReadValue) (const Row *row, const char *text, PgConfig *config, gpointer field);

struct _Row
{
  const char *group;
  const char *key;
  ReadValue   read;
  gsize       offset;
  const char *fallback;
  gint64      min;
  gint64      max;
  const char *expected;
  const char *meaning;
};

/* --- kinds of values ------------------------------------------------------------------------------------------------- */

static gboolean
read_duration (const Row *row, const char *text, G_GNUC_UNUSED PgConfig *config, gpointer field)
{
  gint64 us;

  if (!pg_duration_parse (pg_span_from_string (text), &us) || us < row->min || us > row->max)
    return FALSE;
  *(gint64 *) field = us;
  return TRUE;
}

static gboolean
read_integer (const Row *row, const char *text, guint base, guint *out)
{
  guint64 value;

  if (!g_ascii_string_to_unsigned (text, base, (guint64) row->min, (guint64) row->max, &value, NULL))
    return FALSE;
  *out = (guint) value;
  return TRUE;
}

static gboolean
read_number (const Row *row, const char *text, G_GNUC_UNUSED PgConfig *config, gpointer field)
{
  return read_integer (row, text, 10, field);
}

static gboolean
read_mode (const Row *row, const char *text, G_GNUC_UNUSED PgConfig *config, gpointer field)
{
  return read_integer (row, text, 8, field);
}

static void
set_string (gpointer field, const char *text)
{
  char **string = field;

  g_free (*string);
  *string = g_strdup (text);
}

static gboolean
read_string (const Row *row, const char *text, G_GNUC_UNUSED PgConfig *config, gpointer field)
{
  if ((gint64) strlen (text) < row->min)
    return FALSE;
  set_string (field, text);
  return TRUE;
}

static gboolean
read_store (G_GNUC_UNUSED const Row *row, const char *text, G_GNUC_UNUSED PgConfig *config, gpointer field)
{
  if (!g_str_has_prefix (text, "gdbm:/"))
    return FALSE;
  set_string (field, text + strlen ("gdbm:"));
  return TRUE;
}

static gboolean
read_reply_text (G_GNUC_UNUSED const Row *row, const char *text, G_GNUC_UNUSED PgConfig *config, gpointer field)
{
  if (text[0] != '\0' && !pg_reply_text_is_valid (text))
    return FALSE;
  set_string (field, text);
  return TRUE;
}

static char **
split_list (const char *text)
{
  GPtrArray *words = g_ptr_array_new ();
  g_auto (GStrv) pieces = g_strsplit_set (text, ",; \t", -1);

  for (guint i = 0; pieces[i] != NULL; i++)
    if (pieces[i][0] != '\0')
      g_ptr_array_add (words, g_strdup (pieces[i]));
  g_ptr_array_add (words, NULL);
  return (char **) g_ptr_array_free (words, FALSE);
}

static void
set_list (gpointer field, char **list)
{
  char ***own = field;

  g_strfreev (*own);
  *own = list;
}

static gboolean
read_list (const Row *row, const char *text, G_GNUC_UNUSED PgConfig *config, gpointer field)
{
  char **list = split_list (text);

  if ((gint64) g_strv_length (list) < row->min)
    {
      g_strfreev (list);
      return FALSE;
    }
  set_list (field, list);
  return TRUE;
}

static gboolean
has_scheme (const char *piece, const char *const *schemes)
{
  for (; *schemes != NULL; schemes++)
    if (g_str_has_prefix (piece, *schemes))
      return TRUE;
  return FALSE;
}

/* A list of SCHEME:REST; a piece without scheme belongs to the one before: "journal:a.service,b.service". */
static gboolean
read_scheme_list (const Row *row, const char *text, const char *const *schemes, gpointer field)
{
  GPtrArray *items = g_ptr_array_new_with_free_func (g_free);
  g_auto (GStrv) pieces = split_list (text);
  gboolean ok = TRUE;

  for (guint i = 0; pieces[i] != NULL && ok; i++)
    {
      if (has_scheme (pieces[i], schemes))
        g_ptr_array_add (items, g_strdup (pieces[i]));
      else if (items->len > 0)
        {
          char *last = g_ptr_array_steal_index (items, items->len - 1);

          g_ptr_array_add (items, g_strconcat (last, ",", pieces[i], NULL));
          g_free (last);
        }
      else
        ok = FALSE;
    }
  ok = ok && items->len >= row->min;
  g_ptr_array_add (items, NULL);
  if (ok)
    set_list (field, (char **) g_ptr_array_steal (items, NULL));
  g_ptr_array_unref (items);
  return ok;
}

/* "127.0.0.1:10040" or "[::1]:10040". */
static gboolean
is_inet (const char *text)
{
  const char *colon = strrchr (text, ':');
  PgSpan      host;
  PgAddress   address;
  guint64     port;

  if (colon == NULL || !g_ascii_string_to_unsigned (colon + 1, 10, 1, 65535, &port, NULL))
    return FALSE;
  host = pg_span (text, (gsize) (colon - text));
  if (host.len >= 2 && host.data[0] == '[' && host.data[host.len - 1] == ']')
    host = pg_span (host.data + 1, host.len - 2);
  return pg_address_parse (host, &address);
}

static gboolean
read_socket_list (const Row *row, const char *text, const char *const *schemes, gpointer field)
{
  if (!read_scheme_list (row, text, schemes, field))
    return FALSE;
  for (char **socket = *(char ***) field; *socket != NULL; socket++)
    if (g_str_has_prefix (*socket, "inet:") ? !is_inet (*socket + strlen ("inet:")) : strchr (*socket, ',') != NULL)
      return FALSE;
  return TRUE;
}

static gboolean
read_sockets (const Row *row, const char *text, G_GNUC_UNUSED PgConfig *config, gpointer field)
{
  static const char *const schemes[] = { "unix:/", "inet:", NULL };

  return read_socket_list (row, text, schemes, field);
}

static gboolean
read_unix_sockets (const Row *row, const char *text, G_GNUC_UNUSED PgConfig *config, gpointer field)
{
  static const char *const schemes[] = { "unix:/", NULL };

  return read_socket_list (row, text, schemes, field);
}

static gboolean
is_source (const char *source)
{
  g_autoptr (PgSourceSpec) spec = pg_source_spec_parse (source, NULL);

  return spec != NULL;
}

static gboolean
read_sources (const Row *row, const char *text, PgConfig *config, gpointer field)
{
  static const char *const schemes[] = { "file:/", "stdin:", "journal:", NULL };

  if (!read_scheme_list (row, text, schemes, field))
    return FALSE;
  for (guint i = 0; config->sources[i] != NULL; i++)
    if (!is_source (config->sources[i]))
      return FALSE;
  return TRUE;
}

static guint
bits_of_service (const char *name)
{
  PgService service;

  return pg_service_from_span (pg_span_from_string (name), &service) ? 1u << service : 0;
}

/* popgate-login writes no lines: [login] says whether it counts. */
static guint
bits_of_server (const char *name)
{
  PgServer server;

  if (g_str_equal (name, "all"))
    return ~0u;
  return pg_server_from_span (pg_span_from_string (name), &server) && server != PG_SERVER_POPGATE_LOGIN ? 1u << server : 0;
}

/* @bits_of: 0 for what is no such name. */
static gboolean
read_bits (const char *text, guint (*bits_of) (const char *name), guint *out)
{
  g_auto (GStrv) names = split_list (text);
  guint all = 0;

  for (guint i = 0; names[i] != NULL; i++)
    {
      guint bits = bits_of (names[i]);

      if (bits == 0)
        return FALSE;
      all |= bits;
    }
  *out = all;
  return all != 0;
}

static gboolean
read_services (G_GNUC_UNUSED const Row *row, const char *text, G_GNUC_UNUSED PgConfig *config, gpointer field)
{
  return read_bits (text, bits_of_service, field);
}

static gboolean
read_servers (G_GNUC_UNUSED const Row *row, const char *text, G_GNUC_UNUSED PgConfig *config, gpointer field)
{
  return read_bits (text, bits_of_server, field);
}

/* Addresses that are nobody's alone: a login from there says nothing about who connects later. */
static const char *const builtin_never[] = {
  "127.0.0.0/8",     "::1",       /* loopback */
  "0.0.0.0/8",       "::",        /* unspecified */
  "169.254.0.0/16",  "fe80::/10", /* link-local */
  "224.0.0.0/4",     "ff00::/8",  /* multicast */
  "255.255.255.255",              /* broadcast */
};

static void
add_builtin_never (PgNetset *set)
{
  for (gsize i = 0; i < G_N_ELEMENTS (builtin_never); i++)
    {
      PgNetwork network;

      if (!pg_network_parse (pg_span_from_string (builtin_never[i]), &network, NULL))
        g_assert_not_reached ();
      pg_netset_add (set, &network, NULL);
    }
}

static gboolean
read_never_grant (G_GNUC_UNUSED const Row *row, const char *text, PgConfig *config, gpointer field)
{
  g_autoptr (PgNetset) set = pg_netset_new (NULL);
  g_auto (GStrv) words = split_list (text);
  PgNetset **own = field;
  PgNetwork  network;

  config->never_none = words[0] != NULL && g_str_equal (words[0], "none") && words[1] == NULL;
  if (!config->never_none)
    {
      add_builtin_never (set);
      for (guint i = 0; words[i] != NULL; i++)
        {
          if (!pg_network_parse (pg_span_from_string (words[i]), &network, NULL))
            return FALSE;
          pg_netset_add (set, &network, NULL);
        }
    }
  pg_netset_free (*own);
  *own = g_steal_pointer (&set);
  return TRUE;
}

/* --- the table ------------------------------------------------------------------------------------------------------- */

#define FIELD(name) offsetof (PgConfig, name)

/* clang-format off */
static const Row rows[] = {
  { "popgate", "window", read_duration, FIELD (window_us), "30m", PG_SECOND, 7 * PG_DAY, "a duration of 1s to 7d, as 30m",
    "How long a login permits to relay." },
  { "popgate", "store", read_store, FIELD (store), "gdbm:/var/lib/popgate/popgate.gdbm", 0, 0, "gdbm:/PATH",
    "The database." },
  { "popgate", "user", read_string, FIELD (user), "", 0, 0, "a user name or number, or nothing",
    "Whom popgated becomes once its sockets are open, if root starts it; nothing: it stays who it is." },
  { "popgate", "group", read_string, FIELD (group), "", 0, 0, "a group name or number, or nothing",
    "The group it has then; nothing: the user's own." },
  { "policy", "listen", read_sockets, FIELD (policy_listen), "unix:/var/spool/postfix/private/popgate", 1, 0,
    "a list of unix:/PATH and inet:ADDRESS:PORT", "Where Postfix asks." },
  { "policy", "socket_mode", read_mode, FIELD (socket_mode), "0660", 0, 0777, "an octal mode of 0 to 0777",
    "Mode of the unix sockets of [policy] listen." },
  { "policy", "socket_owner", read_string, FIELD (socket_owner), "postfix", 0, 0, "a user name, or nothing",
    "Owner of these sockets; nothing leaves it." },
  { "policy", "socket_group", read_string, FIELD (socket_group), "postfix", 0, 0, "a group name, or nothing",
    "Group of these sockets; nothing leaves it." },
  { "policy", "max_connections", read_number, FIELD (max_connections), "16384", 1, 1000000, "a number of 1 to 1000000",
    "Connections at once; more wait in the listen queue." },
  { "policy", "reject", read_reply_text, FIELD (reject), "", 0, 0, "1 to 440 printable ASCII characters, or nothing",
    "Text by which a client without login is refused, where policy_context=popgate-reject asks for it; nothing: off." },
  { "log", "source", read_sources, FIELD (sources), "file:/var/log/mail.log", 0, 0,
    "a list of " PG_SOURCE_SPEC_EXPECTED, "Where login lines come from." },
  { "log", "services", read_services, FIELD (services), "pop3, imap", 0, 0, "a list of pop3, imap, submission and sieve",
    "Which logins grant." },
  { "log", "servers", read_servers, FIELD (servers), "all", 0, 0,
    "a list of dovecot, courier, cyrus, uw, qpopper, vpopmail, popa3d, perdition, teapop, gnu-pop3d, vm-pop3d and solid-pop3d, "
    "or all",
    "Servers whose lines count." },
  { "log", "dovecot_name", read_list, FIELD (dovecot_names), "dovecot", 1, 0, "a list of names",
    "Dovecot's names in syslog: its instance_name." },
  { "log", "hosts", read_list, FIELD (hosts), "", 0, 0, "a list of host names, or nothing",
    "Hosts that a central log may speak for; nothing: any. With hosts, format=syslog is the default of a source." },
  { "log", "never_grant", read_never_grant, FIELD (never_grant), "", 0, 0,
    "a list of addresses and networks (no bits behind the prefix), or none",
    "Addresses that no login permits, beside loopback, unspecified, link-local, multicast and broadcast; none: no address, not these either." },
  { "log", "never_users", read_list, FIELD (never_users), "", 0, 0, "a list of user names, or nothing",
    "Users whose logins grant nothing." },
  { "log", "ipv6_prefix", read_number, FIELD (ipv6_prefix), "128", 32, 128, "a number of 32 to 128",
    "A login over IPv6 permits all addresses that share this many bits." },
  { "log", "stale", read_duration, FIELD (stale_us), "60s", PG_SECOND, PG_DAY, "a duration of 1s to 1d, as 60s",
    "After this long without sight of a log, refusals turn into deferrals." },
  { "login", "listen", read_unix_sockets, FIELD (login_listen), "", 0, 0, "a list of unix:/PATH, or nothing",
    "Where popgate-login(8) reports logins; nothing: nowhere." },
  { "login", "reporters", read_list, FIELD (reporters), "", 0, 0, "a list of user names and numbers",
    "Who may report logins, beside root; needed with listen." },
  { "control", "listen", read_unix_sockets, FIELD (control_listen), "unix:/run/popgate/control", 1, 1,
    "a list of unix:/PATH", "Where popgate(1) asks." },
  { "control", "admins", read_list, FIELD (admins), "root", 0, 0, "a list of user names",
    "Who may use it, beside root and the user that popgated runs as." },
};
/* clang-format on */

static const Row *
find_row (const char *group, const char *key)
{
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    if (g_str_equal (rows[i].group, group) && g_str_equal (rows[i].key, key))
      return &rows[i];
  return NULL;
}

static gboolean
is_group (const char *group)
{
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    if (g_str_equal (rows[i].group, group))
      return TRUE;
  return FALSE;
}

static char *
list_keys (const char *group)
{
  GString *keys = g_string_new (NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    if (g_str_equal (rows[i].group, group))
      g_string_append_printf (keys, "%s%s", keys->len > 0 ? ", " : "", rows[i].key);
  return g_string_free (keys, FALSE);
}

static gboolean
fail_unknown (const char *group, const char *key, GError **error)
{
  g_autofree char *shown_group = pg_span_escape (pg_span_from_string (group), 60);
  g_autofree char *shown_key = pg_span_escape (pg_span_from_string (key), 60);
  g_autofree char *keys = list_keys (group);

  if (is_group (group))
    g_set_error (error, PG_ERROR, PG_ERROR_VALUE, "[%s] %s: unknown key; expected one of %s", shown_group, shown_key, keys);
  else
    g_set_error (error, PG_ERROR, PG_ERROR_VALUE, "[%s]: unknown group; expected one of popgate, policy, log, login, control",
                 shown_group);
  return FALSE;
}

static gboolean
set_value (PgConfig *self, const char *group, const char *key, const char *value, GError **error)
{
  const Row       *row = find_row (group, key);
  g_autofree char *shown = NULL;

  if (row == NULL)
    return fail_unknown (group, key, error);
  if (row->read (row, value, self, G_STRUCT_MEMBER_P (self, row->offset)))
    return TRUE;
  shown = pg_span_escape (pg_span_from_string (value), 120);
  g_set_error (error, PG_ERROR, PG_ERROR_VALUE, "[%s] %s = \"%s\": expected %s", group, key, shown, row->expected);
  return FALSE;
}

static void
set_defaults (PgConfig *self)
{
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    if (!set_value (self, rows[i].group, rows[i].key, rows[i].fallback, NULL))
      g_assert_not_reached ();
}

static gboolean
set_group (PgConfig *self, GKeyFile *file, const char *group, GError **error)
{
  g_auto (GStrv) keys = g_key_file_get_keys (file, group, NULL, error);

  if (keys == NULL)
    return FALSE;
  if (!is_group (group))
    return fail_unknown (group, "", error);
  for (guint i = 0; keys[i] != NULL; i++)
    {
      g_autofree char *value = g_key_file_get_value (file, group, keys[i], error);

      if (value == NULL || !set_value (self, group, keys[i], g_strstrip (value), error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
set_from_text (PgConfig *self, PgSpan text, GError **error)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_auto (GStrv) groups = NULL;
  GError *cause = NULL;

  if (text.len == 0)
    return TRUE;
  if (!g_utf8_validate_len (text.data, text.len, NULL))
    {
      g_set_error_literal (error, PG_ERROR, PG_ERROR_SYNTAX, "expected UTF-8 text without NUL bytes");
      return FALSE;
    }
  if (!g_key_file_load_from_data (file, text.data, text.len, G_KEY_FILE_KEEP_TRANSLATIONS, &cause))
    {
      g_set_error_literal (error, PG_ERROR, PG_ERROR_SYNTAX, cause->message);
      g_error_free (cause);
      return FALSE;
    }
  groups = g_key_file_get_groups (file, NULL);
  for (guint i = 0; groups[i] != NULL; i++)
    if (!set_group (self, file, groups[i], error))
      return FALSE;
  return TRUE;
}

static gboolean
set_override (PgConfig *self, const char *override, GError **error)
{
  g_auto (GStrv) sides = g_strsplit (override, "=", 2);
  g_auto (GStrv) names = sides[0] != NULL ? g_strsplit (sides[0], ".", 2) : NULL;
  g_autofree char *shown = NULL;

  if (names != NULL && g_strv_length (sides) == 2 && g_strv_length (names) == 2)
    return set_value (self, g_strstrip (names[0]), g_strstrip (names[1]), g_strstrip (sides[1]), error);
  shown = pg_span_escape (pg_span_from_string (override), 120);
  g_set_error (error, PG_ERROR, PG_ERROR_SYNTAX, "\"%s\": expected group.key=value", shown);
  return FALSE;
}

/* In a central log anybody's words may stand: what a line's head looks like must not decide that it needs no host. Entries
 * of a journal always name theirs. */
static void
fix_formats (PgConfig *self)
{
  for (char **source = self->sources; self->hosts[0] != NULL && *source != NULL; source++)
    if (!g_str_has_prefix (*source, "journal:") && strstr (*source, ",format=") == NULL)
      {
        char *fixed = g_strconcat (*source, ",format=syslog", NULL);

        g_free (*source);
        *source = fixed;
      }
}

static gboolean
fail_empty (const char *group, const char *key, const char *since, GError **error)
{
  g_set_error (error, PG_ERROR, PG_ERROR_VALUE, "[%s] %s = \"\": expected %s, since [login] listen is %s", group, key,
               find_row (group, key)->expected, since);
  return FALSE;
}

/* Logins must come from somewhere, and those that are reported from somebody. */
static gboolean
check_logins (const PgConfig *self, GError **error)
{
  if (self->login_listen[0] != NULL && self->reporters[0] == NULL)
    return fail_empty ("login", "reporters", "set", error);
  if (self->login_listen[0] == NULL && self->sources[0] == NULL)
    return fail_empty ("log", "source", "not set", error);
  return TRUE;
}

PgConfig *
pg_config_parse (PgSpan text, const char *const *overrides, GError **error)
{
  g_autoptr (PgConfig) self = g_new0 (PgConfig, 1);

  set_defaults (self);
  if (!set_from_text (self, text, error))
    return NULL;
  for (; overrides != NULL && *overrides != NULL; overrides++)
    if (!set_override (self, *overrides, error))
      return NULL;
  if (!check_logins (self, error))
    return NULL;
  fix_formats (self);
  return g_steal_pointer (&self);
}

void
pg_config_free (PgConfig *self)
{
  if (self == NULL)
    return;
  g_free (self->store);
  g_free (self->user);
  g_free (self->group);
  g_strfreev (self->policy_listen);
  g_free (self->socket_owner);
  g_free (self->socket_group);
  g_free (self->reject);
  g_strfreev (self->sources);
  g_strfreev (self->dovecot_names);
  g_strfreev (self->hosts);
  pg_netset_free (self->never_grant);
  g_strfreev (self->never_users);
  g_strfreev (self->login_listen);
  g_strfreev (self->reporters);
  g_strfreev (self->control_listen);
  g_strfreev (self->admins);
  g_free (self);
}

char *
pg_config_help (void)
{
  GString *help = g_string_new (NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      if (i == 0 || !g_str_equal (rows[i].group, rows[i - 1].group))
        g_string_append_printf (help, "%s[%s]\n", i == 0 ? "" : "\n", rows[i].group);
      g_string_append_printf (help, "# %s\n# Expected: %s.\n%s =%s%s\n", rows[i].meaning, rows[i].expected, rows[i].key,
                              rows[i].fallback[0] != '\0' ? " " : "", rows[i].fallback);
    }
  return g_string_free (help, FALSE);
}

PgLineRules
pg_config_line_rules (const PgConfig *self)
{
  return (PgLineRules){
    .dovecot_names = (const char *const *) self->dovecot_names,
    .hosts = (const char *const *) self->hosts,
    .servers = self->servers,
  };
}
