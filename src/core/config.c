/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/config.h"

#include "core/config-values.h"
#include "core/duration.h"
#include "core/error.h"
#include "core/source-spec.h"

#include <stddef.h>

#define FIELD(name) offsetof (PgConfig, name)

/* clang-format off */
static const PgConfigRow rows[] = {
  { "popgate", "window", pg_config_read_duration, FIELD (window_us), "30m", PG_SECOND, 7 * PG_DAY, "a duration of 1s to 7d, as 30m",
    "How long a login permits to relay." },
  { "popgate", "store", pg_config_read_store, FIELD (store), "gdbm:/var/lib/popgate/popgate.gdbm", 0, 0, "gdbm:/PATH",
    "The database." },
  { "popgate", "user", pg_config_read_string, FIELD (user), "", 0, 0, "a user name or number, or nothing",
    "Whom popgated becomes once its sockets are open, if root starts it; nothing: it stays who it is." },
  { "popgate", "group", pg_config_read_string, FIELD (group), "", 0, 0, "a group name or number, or nothing",
    "The group it has then; nothing: the user's own." },
  { "policy", "listen", pg_config_read_sockets, FIELD (policy_listen), "unix:/var/spool/postfix/private/popgate", 1, 0,
    "a list of unix:/PATH and inet:ADDRESS:PORT", "Where Postfix asks." },
  { "policy", "socket_mode", pg_config_read_mode, FIELD (socket_mode), "0660", 0, 0777, "an octal mode of 0 to 0777",
    "Mode of the unix sockets of [policy] listen." },
  { "policy", "socket_owner", pg_config_read_string, FIELD (socket_owner), "postfix", 0, 0, "a user name, or nothing",
    "Owner of these sockets; nothing leaves it." },
  { "policy", "socket_group", pg_config_read_string, FIELD (socket_group), "postfix", 0, 0, "a group name, or nothing",
    "Group of these sockets; nothing leaves it." },
  { "policy", "max_connections", pg_config_read_number, FIELD (max_connections), "16384", 1, 1000000, "a number of 1 to 1000000",
    "Connections at once; more wait in the listen queue." },
  { "policy", "reject", pg_config_read_reply_text, FIELD (reject), "", 0, 0, "1 to 440 printable ASCII characters, or nothing",
    "Text by which a client without login is refused, where policy_context=popgate-reject asks for it; nothing: off." },
  { "log", "source", pg_config_read_sources, FIELD (sources), "file:/var/log/mail.log", 0, 0,
    "a list of " PG_SOURCE_SPEC_EXPECTED, "Where login lines come from." },
  { "log", "services", pg_config_read_services, FIELD (services), "pop3, imap", 0, 0, "a list of pop3, imap, submission and sieve",
    "Which logins grant." },
  { "log", "servers", pg_config_read_servers, FIELD (servers), "all", 0, 0,
    "a list of dovecot, courier, cyrus, uw, qpopper, vpopmail, popa3d, perdition, teapop, gnu-pop3d, vm-pop3d and solid-pop3d, "
    "or all",
    "Servers whose lines count." },
  { "log", "dovecot_name", pg_config_read_list, FIELD (dovecot_names), "dovecot", 1, 0, "a list of names",
    "Dovecot's names in syslog: its instance_name." },
  { "log", "hosts", pg_config_read_list, FIELD (hosts), "", 0, 0, "a list of host names, or nothing",
    "Hosts that a central log may speak for; nothing: any. With hosts, format=syslog is the default of a source." },
  { "log", "never_grant", pg_config_read_never_grant, FIELD (never_grant), "", 0, 0,
    "a list of addresses and networks (no bits behind the prefix), or none",
    "Addresses that no login permits, beside loopback, unspecified, link-local, multicast and broadcast; none: no address, not these either." },
  { "log", "never_users", pg_config_read_list, FIELD (never_users), "", 0, 0, "a list of user names, or nothing",
    "Users whose logins grant nothing." },
  { "log", "ipv6_prefix", pg_config_read_number, FIELD (ipv6_prefix), "128", 32, 128, "a number of 32 to 128",
    "A login over IPv6 permits all addresses that share this many bits." },
  { "log", "stale", pg_config_read_duration, FIELD (stale_us), "60s", PG_SECOND, PG_DAY, "a duration of 1s to 1d, as 60s",
    "After this long without sight of a log, refusals turn into deferrals." },
  { "login", "listen", pg_config_read_unix_sockets, FIELD (login_listen), "", 0, 0, "a list of unix:/PATH, or nothing",
    "Where popgate-login(8) reports logins; nothing: nowhere." },
  { "login", "reporters", pg_config_read_list, FIELD (reporters), "", 0, 0, "a list of user names and numbers",
    "Who may report logins, beside root; needed with listen." },
  { "control", "listen", pg_config_read_unix_sockets, FIELD (control_listen), "unix:/run/popgate/control", 1, 1,
    "a list of unix:/PATH", "Where popgate(1) asks." },
  { "control", "admins", pg_config_read_list, FIELD (admins), "root", 0, 0, "a list of user names",
    "Who may use it, beside root and the user that popgated runs as." },
  { "control", "readers", pg_config_read_list, FIELD (readers), "popgate-exporter", 0, 0, "a list of user names, or nothing",
    "Who may use those of popgate's commands that change nothing." },
  { "metrics", "textfile", pg_config_read_path, FIELD (textfile), "", 0, 0, "an absolute path of a file, or nothing",
    "Where metrics are written every 15 s, for node_exporter's textfile collector; nothing: nowhere." },
};
/* clang-format on */

static const PgConfigRow *
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
    g_set_error (error, PG_ERROR, PG_ERROR_VALUE, "[%s]: unknown group; expected one of popgate, policy, log, login, control, metrics",
                 shown_group);
  return FALSE;
}

static gboolean
set_value (PgConfig *self, const char *group, const char *key, const char *value, GError **error)
{
  const PgConfigRow *row = find_row (group, key);
  g_autofree char   *shown = NULL;

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
  g_strfreev (self->readers);
  g_free (self->textfile);
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
