/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/config.h"
#include "core/duration.h"
#include "core/error.h"

#include "common.h"

static PgConfig *
parse (const char *text, const char *const *overrides, GError **error)
{
  g_autofree char *block = NULL;

  return pg_config_parse (exact_string (&block, text), overrides, error);
}

static PgConfig *
defaults (void)
{
  PgConfig *config = parse ("", NULL, NULL);

  ck_assert (config != NULL);
  return config;
}

/* --- what a value is told as ----------------------------------------------------------------------------------------- */

static char *
tell_list (char **list)
{
  return g_strjoinv ("|", list);
}

static char *
tell_number (gint64 number)
{
  return g_strdup_printf ("%" G_GINT64_FORMAT, number);
}

static char *
tell_never (const PgConfig *config)
{
  static const char *const probes[] = { "127.0.0.1",   "::1",       "0.0.0.0",  "::",         "169.254.9.9",
                                        "fe80::1",     "224.0.0.1", "ff02::1",  "255.255.255.255", "10.1.2.3",
                                        "203.0.113.9", "2001:db8::1" };
  GString                 *told = g_string_new (config->never_none ? "none:" : "");

  for (gsize i = 0; i < G_N_ELEMENTS (probes); i++)
    {
      PgAddress address;

      ck_assert (pg_address_parse (pg_span_from_string (probes[i]), &address));
      g_string_append_c (told, pg_netset_covers (config->never_grant, &address, NULL) ? 'x' : '-');
    }
  return g_string_free (told, FALSE);
}

static char *
tell_popgate (const PgConfig *c, const char *key)
{
  if (g_str_equal (key, "user"))
    return g_strdup (c->user);
  if (g_str_equal (key, "group"))
    return g_strdup (c->group);
  return g_str_equal (key, "window") ? tell_number (c->window_us) : g_strdup (c->store);
}

static char *
tell_policy (const PgConfig *c, const char *key)
{
  if (g_str_equal (key, "listen"))
    return tell_list (c->policy_listen);
  if (g_str_equal (key, "socket_mode"))
    return g_strdup_printf ("%04o", c->socket_mode);
  if (g_str_equal (key, "socket_owner"))
    return g_strdup (c->socket_owner);
  if (g_str_equal (key, "socket_group"))
    return g_strdup (c->socket_group);
  return g_str_equal (key, "max_connections") ? tell_number (c->max_connections) : g_strdup (c->reject);
}

static char *
tell_log (const PgConfig *c, const char *key)
{
  if (g_str_equal (key, "source"))
    return tell_list (c->sources);
  if (g_str_equal (key, "services"))
    return g_strdup_printf ("%x", c->services);
  if (g_str_equal (key, "servers"))
    return g_strdup_printf ("%x", c->servers);
  if (g_str_equal (key, "dovecot_name"))
    return tell_list (c->dovecot_names);
  if (g_str_equal (key, "hosts"))
    return tell_list (c->hosts);
  if (g_str_equal (key, "never_grant"))
    return tell_never (c);
  if (g_str_equal (key, "never_users"))
    return tell_list (c->never_users);
  return tell_number (g_str_equal (key, "ipv6_prefix") ? c->ipv6_prefix : c->stale_us);
}

static char *
tell (const PgConfig *c, const char *group, const char *key)
{
  if (g_str_equal (group, "popgate"))
    return tell_popgate (c, key);
  if (g_str_equal (group, "policy"))
    return tell_policy (c, key);
  if (g_str_equal (group, "log"))
    return tell_log (c, key);
  if (g_str_equal (group, "login"))
    return tell_list (g_str_equal (key, "listen") ? c->login_listen : c->reporters);
  if (g_str_equal (group, "metrics"))
    return g_strdup (c->textfile);
  if (g_str_equal (key, "readers"))
    return tell_list (c->readers);
  return tell_list (g_str_equal (key, "listen") ? c->control_listen : c->admins);
}

/* --- values ---------------------------------------------------------------------------------------------------------- */

#define X50 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define NEVER_ALWAYS "xxxxxxxxx"

static const struct
{
  const char *group;
  const char *key;
  const char *value;
  const char *told; /* NULL: an error */
} values[] = {
  { "popgate", "window", "1s", "1000000" },
  { "popgate", "window", "30m", "1800000000" },
  { "popgate", "window", "7d", "604800000000" },
  { "popgate", "window", "1w", "604800000000" },
  { "popgate", "window", "604800s", "604800000000" },
  { "popgate", "window", "0s", NULL },
  { "popgate", "window", "604801s", NULL },
  { "popgate", "window", "8d", NULL },
  { "popgate", "window", "30", NULL },
  { "popgate", "window", "30 m", NULL },
  { "popgate", "window", "-30m", NULL },
  { "popgate", "window", "30ms", NULL },
  { "popgate", "window", "", NULL },
  { "popgate", "window", "30m # half an hour", NULL },
  { "popgate", "window", "30500569w", NULL },
  { "popgate", "store", "gdbm:/tmp/db", "/tmp/db" },
  { "popgate", "store", "gdbm:db", NULL },
  { "popgate", "store", "/tmp/db", NULL },
  { "popgate", "store", "redis:/tmp/db", NULL },
  { "popgate", "store", "", NULL },
  { "popgate", "user", "popgate", "popgate" },
  { "popgate", "user", "991", "991" },
  { "popgate", "user", "", "" },
  { "popgate", "group", "adm", "adm" },
  { "popgate", "group", "", "" },
  { "policy", "listen", "unix:/a", "unix:/a" },
  { "policy", "listen", "unix:/a, inet:127.0.0.1:10040;unix:/b", "unix:/a|inet:127.0.0.1:10040|unix:/b" },
  { "policy", "listen", "inet:[::1]:10040", "inet:[::1]:10040" },
  { "policy", "listen", "", NULL },
  { "policy", "listen", ",", NULL },
  { "policy", "listen", "/a", NULL },
  { "policy", "listen", "unix:a", NULL },
  { "policy", "listen", "tcp:127.0.0.1:10040", NULL },
  { "policy", "listen", "127.0.0.1:10040", NULL },
  { "policy", "listen", "unix:/a, tcp:127.0.0.1:10040", NULL },
  { "policy", "listen", "inet:10040", NULL },
  { "policy", "listen", "inet:127.0.0.1", NULL },
  { "policy", "listen", "inet:127.0.0.1:0", NULL },
  { "policy", "listen", "inet:127.0.0.1:65535", "inet:127.0.0.1:65535" },
  { "policy", "listen", "inet:127.0.0.1:65536", NULL },
  { "policy", "listen", "inet:127.0.0.1:smtp", NULL },
  { "policy", "listen", "inet:localhost:10040", NULL },
  { "policy", "listen", "inet:[127.0.0.1:10040", NULL },
  { "policy", "listen", "inet::10040", NULL },
  { "policy", "socket_mode", "0660", "0660" },
  { "policy", "socket_mode", "0", "0000" },
  { "policy", "socket_mode", "777", "0777" },
  { "policy", "socket_mode", "1000", NULL },
  { "policy", "socket_mode", "0668", NULL },
  { "policy", "socket_mode", "rw-rw----", NULL },
  { "policy", "socket_mode", "-1", NULL },
  { "policy", "socket_mode", "", NULL },
  { "policy", "socket_owner", "nobody", "nobody" },
  { "policy", "socket_owner", "", "" },
  { "policy", "socket_group", "mail", "mail" },
  { "policy", "socket_group", "", "" },
  { "policy", "max_connections", "1", "1" },
  { "policy", "max_connections", "1000000", "1000000" },
  { "policy", "max_connections", "0", NULL },
  { "policy", "max_connections", "1000001", NULL },
  { "policy", "max_connections", "99999999999999999999", NULL },
  { "policy", "max_connections", "0x10", NULL },
  { "policy", "max_connections", "+1", NULL },
  { "policy", "max_connections", "1 ", "1" },
  { "policy", "max_connections", "many", NULL },
  { "policy", "reject", "check your mail first", "check your mail first" },
  { "policy", "reject", "", "" },
  { "policy", "reject", "caf\xc3\xa9", NULL },
  { "policy", "reject", "a\tb", NULL },
  { "policy", "reject", X50 X50 X50 X50 X50 X50 X50 X50 X50, NULL },
  { "log", "source", "file:/var/log/mail.log", "file:/var/log/mail.log" },
  { "log", "source", "file:/a,format=syslog", "file:/a,format=syslog" },
  { "log", "source", "file:/a,format=tai64n", "file:/a,format=tai64n" },
  { "log", "source", "file:/a, format=dovecot, file:/b", "file:/a,format=dovecot|file:/b" },
  { "log", "source", "stdin:", "stdin:" },
  { "log", "source", "stdin:,format=auto", "stdin:,format=auto" },
  { "log", "source", "", NULL },
  { "log", "source", "/var/log/mail.log", NULL },
  { "log", "source", "file:mail.log", NULL },
  { "log", "source", "format=syslog", NULL },
  { "log", "source", "file:/a,format=xml", NULL },
  { "log", "source", "file:/a,format=", NULL },
  { "log", "source", "file:/a,format=syslog,format=dovecot", NULL },
  { "log", "source", "file:/a,b", NULL },
  { "log", "source", "file:/a,b,format=syslog", NULL },
  { "log", "source", "http://x/", NULL },
  { "log", "source", "file:/a,trust=any", "file:/a,trust=any" },
  { "log", "source", "journal:dovecot", "journal:dovecot" },
  { "log", "source", "journal:dovecot, courier-pop; file:/a", "journal:dovecot,courier-pop|file:/a" },
  { "log", "source", "file:/a, journal:a,dir=/j,b stdin:", "file:/a|journal:a,dir=/j,b|stdin:" },
  { "log", "source", "journal:", NULL },
  { "log", "source", "journal:a,dir=j", NULL },
  { "log", "services", "pop3", "2" },
  { "log", "services", "pop3, imap", "6" },
  { "log", "services", "pop3 imap;submission,sieve", "1e" },
  { "log", "services", "", NULL },
  { "log", "services", "POP3", NULL },
  { "log", "services", "pop3, smtp", NULL },
  { "log", "services", "all", NULL },
  { "log", "servers", "all", "ffffffff" },
  { "log", "servers", "courier, all", "ffffffff" },
  { "log", "servers", "dovecot", "2" },
  { "log", "servers", "courier, cyrus, uw, qpopper, vpopmail", "7c" },
  { "log", "servers", "popa3d perdition teapop gnu-pop3d vm-pop3d solid-pop3d", "1f80" },
  { "log", "servers", "Courier", NULL },
  { "log", "servers", "", NULL },
  { "log", "servers", "exchange", NULL },
  { "log", "servers", "dovecot, exchange", NULL },
  { "log", "servers", "popgate-login", NULL },
  { "log", "servers", "all, popgate-login", NULL },
  { "log", "dovecot_name", "dovecot", "dovecot" },
  { "log", "dovecot_name", "dovecot, mail2", "dovecot|mail2" },
  { "log", "dovecot_name", "", NULL },
  { "log", "dovecot_name", " , ; ", NULL },
  { "log", "hosts", "", "" },
  { "log", "hosts", "mx1 mx2", "mx1|mx2" },
  { "log", "never_grant", "", NEVER_ALWAYS "---" },
  { "log", "never_grant", "10.0.0.0/8", NEVER_ALWAYS "x--" },
  { "log", "never_grant", "203.0.113.9, 2001:db8::/32", NEVER_ALWAYS "-xx" },
  { "log", "never_grant", "none", "none:------------" },
  { "log", "never_grant", "none, 10.0.0.0/8", NULL },
  { "log", "never_grant", "10.0.0.0/8 none", NULL },
  { "log", "never_grant", "10.0.0.1/8", NULL },
  { "log", "never_grant", "10.0.0.0/33", NULL },
  { "log", "never_grant", "mail.example.org", NULL },
  { "log", "never_users", "", "" },
  { "log", "never_users", "scanner, test@example.org", "scanner|test@example.org" },
  { "log", "ipv6_prefix", "32", "32" },
  { "log", "ipv6_prefix", "64", "64" },
  { "log", "ipv6_prefix", "128", "128" },
  { "log", "ipv6_prefix", "31", NULL },
  { "log", "ipv6_prefix", "129", NULL },
  { "log", "ipv6_prefix", "/64", NULL },
  { "log", "ipv6_prefix", "", NULL },
  { "log", "stale", "1s", "1000000" },
  { "log", "stale", "1d", "86400000000" },
  { "log", "stale", "0s", NULL },
  { "log", "stale", "86401s", NULL },
  { "log", "stale", "60", NULL },
  { "login", "listen", "", "" },
  { "login", "listen", "inet:127.0.0.1:1", NULL },
  { "login", "listen", "unix:login", NULL },
  { "login", "listen", "/run/popgate/login", NULL },
  { "login", "reporters", "", "" },
  { "login", "reporters", "dovecot, 1000", "dovecot|1000" },
  { "control", "listen", "unix:/run/popgate/control", "unix:/run/popgate/control" },
  { "control", "listen", "unix:/a unix:/b", "unix:/a|unix:/b" },
  { "control", "listen", "inet:127.0.0.1:1", NULL },
  { "control", "listen", "unix:/a, inet:127.0.0.1:1", NULL },
  { "control", "listen", "", NULL },
  { "control", "readers", "", "" },
  { "control", "readers", "root, postmaster", "root|postmaster" },
  { "control", "admins", "", "" },
  { "control", "admins", "root, postmaster", "root|postmaster" },
  { "metrics", "textfile", "", "" },
  { "metrics", "textfile", "/var/lib/a b.prom", "/var/lib/a b.prom" },
  { "metrics", "textfile", "popgate.prom", NULL },
  { "metrics", "textfile", "/var/lib/", NULL },
};

/* An error names group, key and what was expected, in printable text. */
static void
check_error (const char *name, const GError *error, const char *group, const char *key)
{
  g_autofree char *object = g_strdup_printf ("[%s] %s", group, key);

  assert_row (name, g_error_matches (error, PG_ERROR, PG_ERROR_VALUE));
  ck_assert_msg (g_str_has_prefix (error->message, object), "%s: %s", name, error->message);
  ck_assert_msg (strstr (error->message, "expected ") != NULL, "%s: %s", name, error->message);
  for (const char *c = error->message; *c != '\0'; c++)
    assert_row (name, g_ascii_isprint (*c));
}

static void
check_value (const char *name, PgConfig *config, const GError *error, gsize row)
{
  g_autofree char *told = NULL;

  assert_row_agrees (name, config != NULL, error, values[row].told != NULL);
  if (config == NULL)
    {
      check_error (name, error, values[row].group, values[row].key);
      return;
    }
  told = tell (config, values[row].group, values[row].key);
  assert_row_text (name, told, values[row].told);
}

START_TEST (value_in_a_file_is_checked)
{
  g_autofree char     *text = g_strdup_printf ("[%s]\n%s=%s\n", values[_i].group, values[_i].key, values[_i].value);
  g_autoptr (GError)   error = NULL;
  g_autoptr (PgConfig) config = parse (text, NULL, &error);

  check_value (text, config, error, (gsize) _i);
}
END_TEST

START_TEST (value_of_an_override_is_checked)
{
  g_autofree char     *text = g_strdup_printf ("%s.%s=%s", values[_i].group, values[_i].key, values[_i].value);
  const char          *overrides[] = { text, NULL };
  g_autoptr (GError)   error = NULL;
  g_autoptr (PgConfig) config = parse ("", overrides, &error);

  check_value (text, config, error, (gsize) _i);
}
END_TEST

/* --- files ----------------------------------------------------------------------------------------------------------- */

static const struct
{
  const char *name;
  PgSpan      text;
  gint        code; /* -1: no error */
  const char *message; /* a part of it */
} files[] = {
  { "nothing", BYTES (""), -1, NULL },
  { "blank", BYTES (" \n\n"), -1, NULL },
  { "comment", BYTES ("# [nothing]\n"), -1, NULL },
  { "no newline at the end", BYTES ("[popgate]\nwindow=1h"), -1, NULL },
  { "CRLF", BYTES ("[popgate]\r\nwindow=1h\r\n"), -1, NULL },
  { "blanks around", BYTES ("[popgate]\n  window  =  1h  \n"), -1, NULL },
  { "group without keys", BYTES ("[policy]\n"), -1, NULL },
  { "group twice", BYTES ("[popgate]\nwindow=1h\n[log]\n[popgate]\nstore=gdbm:/x\n"), -1, NULL },
  { "UTF-8 comment", BYTES ("# \xc3\xa4\n"), -1, NULL },
  { "reporters", BYTES ("[login]\nlisten=unix:/a, unix:/b\nreporters=dovecot\n"), -1, NULL },
  { "reporters without a socket", BYTES ("[login]\nreporters=dovecot\n"), -1, NULL },
  { "reports alone", BYTES ("[login]\nlisten=unix:/a\nreporters=dovecot\n[log]\nsource=\n"), -1, NULL },
  { "a socket without reporters", BYTES ("[login]\nlisten=unix:/a\n"), PG_ERROR_VALUE, "[login] reporters = \"\": expected " },
  { "a socket with no reporters", BYTES ("[login]\nlisten=unix:/a\nreporters=,\n"), PG_ERROR_VALUE,
    "[login] reporters = \"\": expected " },
  { "unknown group", BYTES ("[polcy]\nlisten=unix:/a\n"), PG_ERROR_VALUE, "[polcy]: unknown group; expected one of popgate, " },
  { "unknown empty group", BYTES ("[polcy]\n"), PG_ERROR_VALUE, "[polcy]: unknown group" },
  { "group of another case", BYTES ("[Policy]\n"), PG_ERROR_VALUE, "[Policy]: unknown group" },
  { "group with a blank", BYTES ("[policy ]\n"), PG_ERROR_VALUE, "[policy ]: unknown group" },
  { "unknown key", BYTES ("[popgate]\nwindows=1h\n"), PG_ERROR_VALUE,
    "[popgate] windows: unknown key; expected one of window, store" },
  { "key of another group", BYTES ("[policy]\nwindow=1h\n"), PG_ERROR_VALUE, "[policy] window: unknown key" },
  { "key of another case", BYTES ("[popgate]\nWindow=1h\n"), PG_ERROR_VALUE, "[popgate] Window: unknown key" },
  { "translated key", BYTES ("[popgate]\nwindow[de]=1h\n"), PG_ERROR_VALUE, "[popgate] window[de]: unknown key" },
  { "key before a group", BYTES ("window=1h\n"), PG_ERROR_SYNTAX, "" },
  { "no equal sign", BYTES ("[popgate]\nwindow 1h\n"), PG_ERROR_SYNTAX, "" },
  { "open bracket", BYTES ("[popgate\n"), PG_ERROR_SYNTAX, "" },
  { "NUL", BYTES ("[popgate]\0\n"), PG_ERROR_SYNTAX, "expected UTF-8 text without NUL" },
  { "NUL at the end", BYTES ("[popgate]\nwindow=1h\0"), PG_ERROR_SYNTAX, "expected UTF-8 text without NUL" },
  { "no UTF-8", BYTES ("# \xff\n"), PG_ERROR_SYNTAX, "expected UTF-8 text without NUL" },
};

START_TEST (file_is_parsed)
{
  const char          *name = files[_i].name;
  g_autofree char     *block = NULL;
  g_autoptr (GError)   error = NULL;
  g_autoptr (PgConfig) config = pg_config_parse (exact (&block, files[_i].text), NULL, &error);

  assert_row_agrees (name, config != NULL, error, files[_i].code < 0);
  if (config != NULL)
    return;
  assert_row (name, g_error_matches (error, PG_ERROR, files[_i].code));
  ck_assert_msg (strstr (error->message, files[_i].message) != NULL, "%s: %s", name, error->message);
}
END_TEST

static const struct
{
  const char *text;
  gint        code; /* -1: no error */
} overrides[] = {
  { "popgate.window=1h", -1 },
  { " popgate . window = 1h ", -1 },
  { "policy.reject=", -1 },
  { "policy.reject=a=b", -1 },
  { "", PG_ERROR_SYNTAX },
  { "popgate", PG_ERROR_SYNTAX },
  { "popgate.window", PG_ERROR_SYNTAX },
  { "window=1h", PG_ERROR_SYNTAX },
  { "=1h", PG_ERROR_SYNTAX },
  { "\xff", PG_ERROR_SYNTAX },
  { ".=", PG_ERROR_VALUE },
  { "popgate.=1h", PG_ERROR_VALUE },
  { ".window=1h", PG_ERROR_VALUE },
  { "popgate.win.dow=1h", PG_ERROR_VALUE },
  { "popgate.window=\xff", PG_ERROR_VALUE },
  { "policy.reject=a\nb", PG_ERROR_VALUE },
};

START_TEST (override_is_parsed)
{
  const char          *list[] = { overrides[_i].text, NULL };
  g_autoptr (GError)   error = NULL;
  g_autoptr (PgConfig) config = parse ("", list, &error);

  assert_row_agrees (overrides[_i].text, config != NULL, error, overrides[_i].code < 0);
  if (config == NULL)
    assert_row (overrides[_i].text, g_error_matches (error, PG_ERROR, overrides[_i].code));
}
END_TEST

START_TEST (the_last_word_wins)
{
  static const char *const list[] = { "popgate.window=2h", "popgate.window=3h", "log.never_grant=none", NULL };
  g_autoptr (PgConfig) file = parse ("[popgate]\nwindow=1h\n[log]\nnever_grant=10.0.0.0/8\n", NULL, NULL);
  g_autoptr (PgConfig) both = parse ("[popgate]\nwindow=1h\nstore=gdbm:/x\n[log]\nnever_grant=10.0.0.0/8\n", list, NULL);
  g_autofree char     *never = NULL;

  ck_assert (file != NULL && file->window_us == PG_HOUR && !file->never_none);
  ck_assert (both != NULL && both->window_us == 3 * PG_HOUR && both->never_none);
  ck_assert_str_eq (both->store, "/x");
  never = tell_never (both);
  ck_assert_str_eq (never, "none:------------");
}
END_TEST

static const struct
{
  const char *log;
  const char *told;
} heads[] = {
  { "source = file:/a", "file:/a" },
  { "source = file:/a\nhosts = mx1", "file:/a,format=syslog" },
  { "source = file:/a,format=dovecot, file:/b\nhosts = mx1", "file:/a,format=dovecot|file:/b,format=syslog" },
  { "source = file:/a,format=auto\nhosts = mx1", "file:/a,format=auto" },
  { "source = file:/a,trust=any\nhosts = mx1", "file:/a,trust=any,format=syslog" },
  { "source = journal:a\nhosts = mx1", "journal:a" },
};

/* A central log's heads are not guessed: a sender could make them look like those of a log that names no hosts. */
START_TEST (hosts_decide_the_format)
{
  g_autofree char     *text = g_strconcat ("[log]\n", heads[_i].log, "\n", NULL);
  g_autoptr (GError)   error = NULL;
  g_autoptr (PgConfig) config = parse (text, NULL, &error);
  g_autofree char     *told = NULL;

  assert_row_agrees (heads[_i].log, config != NULL, error, TRUE);
  told = tell (config, "log", "source");
  assert_row_text (heads[_i].log, told, heads[_i].told);
}
END_TEST

/* --- the table ------------------------------------------------------------------------------------------------------- */

static const struct
{
  const char *group;
  const char *key;
  const char *told;
} fallbacks[] = {
  { "popgate", "window", "1800000000" },
  { "popgate", "store", "/var/lib/popgate/popgate.gdbm" },
  { "popgate", "user", "" },
  { "popgate", "group", "" },
  { "policy", "listen", "unix:/var/spool/postfix/private/popgate" },
  { "policy", "socket_mode", "0660" },
  { "policy", "socket_owner", "postfix" },
  { "policy", "socket_group", "postfix" },
  { "policy", "max_connections", "16384" },
  { "policy", "reject", "" },
  { "log", "source", "file:/var/log/mail.log" },
  { "log", "services", "6" },
  { "log", "servers", "ffffffff" },
  { "log", "dovecot_name", "dovecot" },
  { "log", "hosts", "" },
  { "log", "never_grant", NEVER_ALWAYS "---" },
  { "log", "never_users", "" },
  { "log", "ipv6_prefix", "128" },
  { "log", "stale", "60000000" },
  { "login", "listen", "" },
  { "login", "reporters", "" },
  { "control", "listen", "unix:/run/popgate/control" },
  { "control", "admins", "root" },
  { "control", "readers", "popgate-exporter" },
  { "metrics", "textfile", "" },
};

static void
check_fallbacks (const PgConfig *config)
{
  for (gsize i = 0; i < G_N_ELEMENTS (fallbacks); i++)
    {
      g_autofree char *told = tell (config, fallbacks[i].group, fallbacks[i].key);

      assert_row_text (fallbacks[i].key, told, fallbacks[i].told);
    }
}

START_TEST (defaults_are_those_of_the_manual)
{
  g_autoptr (PgConfig) config = defaults ();

  check_fallbacks (config);
  pg_config_free (NULL);
}
END_TEST

static guint
count_keys (const char *help)
{
  g_auto (GStrv) lines = g_strsplit (help, "\n", -1);
  guint          count = 0;

  for (guint i = 0; lines[i] != NULL; i++)
    if (lines[i][0] != '#' && strchr (lines[i], '=') != NULL)
      count++;
  return count;
}

START_TEST (the_help_is_a_file_of_the_defaults)
{
  g_autofree char     *help = pg_config_help ();
  g_autoptr (GError)   error = NULL;
  g_autoptr (PgConfig) config = parse (help, NULL, &error);

  assert_row_agrees ("help", config != NULL, error, TRUE);
  check_fallbacks (config);
  ck_assert_uint_eq (count_keys (help), G_N_ELEMENTS (fallbacks)); /* no key that this test doesn't know */
}
END_TEST

START_TEST (line_rules_are_borrowed_from_the_configuration)
{
  g_autoptr (PgConfig) config = parse ("[log]\ndovecot_name=a,b\nhosts=x\nservers=dovecot\n", NULL, NULL);
  PgLineRules          rules = pg_config_line_rules (config);

  ck_assert_str_eq (rules.dovecot_names[1], "b");
  ck_assert_str_eq (rules.hosts[0], "x");
  ck_assert (rules.hosts[1] == NULL);
  ck_assert_uint_eq (rules.servers, 1u << PG_SERVER_DOVECOT);
}
END_TEST

static void
fill (TCase *tests)
{
  tcase_add_loop_test (tests, value_in_a_file_is_checked, 0, G_N_ELEMENTS (values));
  tcase_add_loop_test (tests, value_of_an_override_is_checked, 0, G_N_ELEMENTS (values));
  tcase_add_loop_test (tests, file_is_parsed, 0, G_N_ELEMENTS (files));
  tcase_add_loop_test (tests, override_is_parsed, 0, G_N_ELEMENTS (overrides));
  tcase_add_loop_test (tests, hosts_decide_the_format, 0, G_N_ELEMENTS (heads));
  tcase_add_test (tests, the_last_word_wins);
  tcase_add_test (tests, defaults_are_those_of_the_manual);
  tcase_add_test (tests, the_help_is_a_file_of_the_defaults);
  tcase_add_test (tests, line_rules_are_borrowed_from_the_configuration);
}

PG_TEST_MAIN ("config", fill)
