/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The judges of popgate doctor, on a host as it should be, and on the same with one fault. */
#include "cli/doctor-judges.h"
#include "core/duration.h"

#include "common.h"

#define NOW_US (G_GINT64_CONSTANT (1763894400) * PG_SECOND) /* 2025-11-23 10:40:00 UTC */

#define ASK "check_policy_service { unix:private/popgate, timeout=5s, { default_action = DEFER_IF_REJECT 4.7.1 try again } }"
#define ASK_WITH(options) "check_policy_service { unix:private/popgate, timeout=5s, " options " }"
#define FIRST "permit_mynetworks, permit_sasl_authenticated, permit_auth_destination, "
#define RELAY(ask) "smtpd_relay_restrictions = " FIRST ask ", reject_unauth_destination\n"

/* --- a host as it should be ------------------------------------------------------------------------------------------ */

static const char main_cf[] = "config_directory = /etc/postfix\n"
                              "queue_directory = /var/spool/postfix\n"
                              "mail_version = 3.7.11\n"
                              "compatibility_level = 3.6\n"
                              "inet_interfaces = all\n"
                              "inet_protocols = all\n"
                              "mynetworks = 127.0.0.0/8 [::ffff:127.0.0.0]/104 [::1]/128 192.0.2.0/24\n"
                              "smtpd_delay_reject = yes\n"
                              "smtpd_recipient_restrictions = reject_unknown_recipient_domain\n"
                              "smtpd_restriction_classes =\n" RELAY (ASK);
static const char master_cf[] = "smtp inet n - y - - smtpd\n"
                                "submission inet n - y - - smtpd\n"
                                "    -o smtpd_relay_restrictions=permit_sasl_authenticated,reject\n"
                                "smtps inet n - y - - smtpd\n";
static const char overrides[] = "submission/inet/smtpd_relay_restrictions = permit_sasl_authenticated,reject\n";
static const char dovecot[] = "instance_name = dovecot\n"
                              "listen = *, ::\n"
                              "log_path = syslog\n"
                              "info_log_path =\n"
                              "login_log_format_elements = user=<%u> method=%m rip=%r lip=%l mpid=%e %c session=<%{session}>\n";
static const char unit[] = "LoadState=loaded\n"
                           "UnitFileState=enabled\n"
                           "Restart=on-failure\n"
                           "NoNewPrivileges=yes\n"
                           "ProtectSystem=strict\n"
                           "LimitNOFILE=20000\n";
static const char rsyslog[] = "#file /etc/rsyslog.conf\n"
                              "module(load=\"imuxsock\")\n"
                              "#module(load=\"imjournal\")\n";
static const char journald[] = "#file /etc/systemd/journald.conf\n"
                               "[Journal]\n"
                               "#RateLimitBurst=10\n";
static const char status[] =
    "{\"version\":\"1\",\"uptime\":7,\"frozen\":false,\"store\":{\"problem\":null,\"write_problem\":null},"
    "\"sources\":[{\"name\":\"file:/var/log/mail.log\",\"state\":\"current\",\"since\":0}]}";

/* What a row changes. */
typedef enum
{
  NOTHING,
  MAIN,   /* settings behind the others: the last counts */
  MASTER, /* services in place of the others */
  DOVECOT,
  UNIT,
  RSYSLOG,
  JOURNALD,
  STATUS,
  CONFIG,
  N_PARTS
} Part;

static const char *const good[N_PARTS] = {
  [MAIN] = "",         [MASTER] = master_cf,  [DOVECOT] = "",    [UNIT] = "",
  [RSYSLOG] = rsyslog, [JOURNALD] = journald, [STATUS] = status, [CONFIG] = "",
};

static void
add (PgPostconf *into, const char *text)
{
  ck_assert (pg_postconf_add_settings (into, pg_span_from_string (text), NULL));
}

static PgPostconf *
read_two (const char *first, const char *second)
{
  PgPostconf *self = pg_postconf_new ();

  add (self, first);
  add (self, second);
  return self;
}

static void
add_socket (PgDoctorFacts *facts)
{
  PgDoctorSocket *socket = g_new0 (PgDoctorSocket, 1);

  socket->name = g_strdup ("unix:/var/spool/postfix/private/popgate");
  socket->path = g_strdup ("/var/spool/postfix/private/popgate");
  socket->action = g_strdup ("DUNNO");
  g_ptr_array_add (facts->sockets, socket);
}

static void
feed (PgDoctorFacts *facts, const char *lines)
{
  g_autoptr (GTimeZone) zone = g_time_zone_new_utc ();
  PgDoctorLog *log = pg_doctor_log_new ("file:/var/log/mail.log,format=syslog");

  log->modified_us = NOW_US - PG_SECOND;
  pg_doctor_log_feed (log, pg_span_from_string (lines), facts->config, zone, NOW_US);
  g_ptr_array_add (facts->logs, log);
}

#define LOGIN(stamp, user, address)                                                                                              \
  stamp " mx dovecot: pop3-login: Login: user=<" user ">, method=PLAIN, rip=" address ", lip=198.51.100.1, mpid=95, "            \
        "session=<a>\n"

static JsonObject *
read_json (const char *text)
{
  g_autoptr (JsonNode) node = json_from_string (text, NULL);

  ck_assert_ptr_nonnull (node);
  return json_node_dup_object (node);
}

/* A host; all but @part as it should be; without a log. */
static PgDoctorFacts *
make_host (Part part, const char *text)
{
  const char    *texts[N_PARTS];
  PgDoctorFacts *facts = pg_doctor_facts_new ();

  for (guint i = 0; i < N_PARTS; i++)
    texts[i] = i == (guint) part ? text : good[i];
  pg_config_free (facts->config);
  facts->config = pg_config_parse (pg_span_from_string (texts[CONFIG]), NULL, NULL);
  ck_assert_ptr_nonnull (facts->config);
  facts->now_us = NOW_US;
  facts->version = "1";
  facts->config_path = g_strdup ("/etc/popgate/popgate.conf");
  facts->postfix = read_two (main_cf, overrides);
  add (facts->postfix, texts[MAIN]);
  ck_assert (pg_postconf_add_services (facts->postfix, pg_span_from_string (texts[MASTER]), NULL));
  facts->postfix_folder = g_strdup ("/etc/postfix");
  facts->queue = g_strdup ("/var/spool/postfix");
  facts->etc = g_strdup ("/etc");
  facts->dovecot = read_two (dovecot, texts[DOVECOT]);
  facts->unit = read_two (unit, texts[UNIT]);
  facts->rsyslog = g_strdup (texts[RSYSLOG]);
  facts->journald = g_strdup (texts[JOURNALD]);
  facts->status = read_json (texts[STATUS]);
  facts->store = (PgDoctorPlace){ TRUE, 0600, 990, 4096 };
  facts->store_folder = (PgDoctorPlace){ TRUE, 0700, 990, 4096 };
  facts->daemon_uid = 990;
  facts->clock_synchronised = 1;
  add_socket (facts);
  return facts;
}

static const char good_log[] = LOGIN ("2025-11-23T10:39:33.000000+00:00", "anna", "192.0.2.7");

static PgDoctorReport *
run (const PgDoctorFacts *facts, const char *name)
{
  for (guint i = 0; pg_doctor_check_at (i) != NULL; i++)
    if (g_str_equal (pg_doctor_check_at (i)->name, name))
      return pg_doctor_check_run (pg_doctor_check_at (i), facts);
  ck_abort_msg ("no check is called %s", name);
  return NULL;
}

static char *
tell (const PgDoctorReport *report)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < pg_doctor_report_size (report); i++)
    {
      const PgDoctorEntry *entry = pg_doctor_report_entry (report, i);

      g_string_append_printf (text, "%d %s | %s | %s\n", entry->result, entry->what, entry->where, entry->change);
    }
  return g_string_free (text, FALSE);
}

START_TEST (all_well)
{
  g_autoptr (PgDoctorFacts) facts = make_host (NOTHING, NULL);

  feed (facts, good_log);
  for (guint i = 0; pg_doctor_check_at (i) != NULL; i++)
    {
      g_autoptr (PgDoctorReport) report = pg_doctor_check_run (pg_doctor_check_at (i), facts);
      g_autofree char *told = tell (report);

      ck_assert_msg (pg_doctor_report_result (report) == PG_DOCTOR_OK && pg_doctor_report_size (report) > 0, "%s: %s",
                     pg_doctor_check_at (i)->name, told);
    }
}
END_TEST

START_TEST (nothing_known)
{
  g_autoptr (PgDoctorFacts) facts = pg_doctor_facts_new ();

  facts->version = "1";
  facts->config_path = g_strdup ("/etc/popgate/popgate.conf");
  facts->postfix_problem = g_strdup ("postconf is not installed");
  facts->dovecot_problem = g_strdup ("doveconf is not installed");
  facts->unit_problem = g_strdup ("systemctl is not installed");
  facts->status_problem = g_strdup ("may not ask");
  facts->etc = g_strdup ("/etc");
  for (guint i = 0; pg_doctor_check_at (i) != NULL; i++)
    {
      g_autoptr (PgDoctorReport) report = pg_doctor_check_run (pg_doctor_check_at (i), facts);
      g_autofree char *told = tell (report);

      ck_assert_msg (pg_doctor_report_result (report) != PG_DOCTOR_FINDING && pg_doctor_report_size (report) > 0, "%s: %s",
                     pg_doctor_check_at (i)->name, told);
    }
}
END_TEST

/* Somebody froze it, and stopped it: then to start it is not enough. */
START_TEST (frozen_and_absent)
{
  g_autoptr (PgDoctorFacts) facts = pg_doctor_facts_new ();
  g_autoptr (PgDoctorReport) report = pg_doctor_report_new ();
  g_autofree char *told = NULL;

  facts->version = "1";
  facts->status_problem = g_strdup ("nobody there");
  facts->daemon_absent = facts->is_frozen = TRUE;
  pg_doctor_judge_daemon (facts, report);
  told = tell (report);
  ck_assert_uint_eq (pg_doctor_report_size (report), 2);
  ck_assert_ptr_nonnull (strstr (told, "FROZEN"));
}
END_TEST

/* --- one fault ------------------------------------------------------------------------------------------------------- */

static const char right[] = RELAY (ASK);

/* @change: what the finding says to write; NULL: there is no finding. */
static const struct
{
  const char *name;
  Part        part;
  const char *text;
  const char *check;
  const char *change;
} faults[] = {
  { "not asked", MAIN, "smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination\n", "relay-list",
    "smtpd_relay_restrictions = permit_mynetworks, permit_auth_destination, " ASK ", reject_unauth_destination" },
  { "asked in the wrong list", MAIN, "smtpd_recipient_restrictions = " ASK ", reject_unknown_recipient_domain\n", "wrong-list",
    "smtpd_recipient_restrictions = reject_unknown_recipient_domain" },
  { "asked of clients", MAIN, "smtpd_client_restrictions = check_policy_service unix:private/popgate\n", "wrong-list",
    "smtpd_client_restrictions = " },
  { "asked at DATA by one service", MAIN, "smtps/inet/smtpd_data_restrictions = " ASK "\n", "wrong-list",
    "-o { smtpd_data_restrictions =  }" },
  { "behind the refusal", MAIN, "smtpd_relay_restrictions = " FIRST "reject_unauth_destination, " ASK "\n", "relay-order",
    right },
  { "before mynetworks", MAIN, "smtpd_relay_restrictions = " ASK ", " FIRST "reject_unauth_destination\n", "relay-order", right },
  { "own domains behind it", MAIN, "smtpd_relay_restrictions = permit_mynetworks, " ASK ", reject_unauth_destination\n",
    "relay-order", "permit_mynetworks, permit_auth_destination, " ASK ", reject_unauth_destination" },
  { "SMTP AUTH behind it", MAIN,
    "smtpd_relay_restrictions = permit_mynetworks, permit_auth_destination, " ASK
    ", permit_sasl_authenticated, reject_unauth_destination\n",
    "relay-order", "smtpd_relay_restrictions = permit_mynetworks, permit_auth_destination, permit_sasl_authenticated, " ASK },
  { "other blanks and commas", MAIN,
    "smtpd_relay_restrictions = permit_mynetworks\n  permit_auth_destination ,\n " ASK "\treject_unauth_destination\n",
    "relay-order", NULL },
  { "no refusal", MAIN, "smtpd_relay_restrictions = " FIRST ASK "\n", "open-relay", right },
  { "permit before the refusal", MAIN, "smtpd_relay_restrictions = " FIRST ASK ", permit, reject_unauth_destination\n",
    "open-relay", right },
  { "the refusal warns only", MAIN, "smtpd_relay_restrictions = " FIRST ASK ", warn_if_reject reject_unauth_destination\n",
    "open-relay", ASK },
  { "refusal in the other list", MAIN,
    "smtpd_relay_restrictions = " FIRST ASK "\nsmtpd_recipient_restrictions = reject_unauth_destination\n", "open-relay", right },
  { "defer_unauth_destination", MAIN, "smtpd_relay_restrictions = " FIRST ASK ", defer_unauth_destination\n", "open-relay",
    NULL },
  { "refusal in a class", MAIN,
    "smtpd_restriction_classes = ours\nours = reject_unauth_destination\nsmtpd_relay_restrictions = " FIRST ASK ", ours\n",
    "open-relay", NULL },
  { "refused again", MAIN, "smtpd_recipient_restrictions = permit_mynetworks, reject_unauth_destination\n", "recipient-list",
    "smtpd_recipient_restrictions = permit_mynetworks" },
  { "no braces", MAIN, RELAY ("check_policy_service unix:private/popgate"), "default-action", right },
  { "no default_action", MAIN, RELAY ("check_policy_service { unix:private/popgate, timeout=5s }"), "default-action", right },
  { "permits when down", MAIN, RELAY (ASK_WITH ("default_action=OK")), "default-action", right },
  { "empty when down", MAIN, RELAY (ASK_WITH ("{ default_action = }")), "default-action", right },
  { "digits when down", MAIN, RELAY (ASK_WITH ("default_action=451")), "default-action", right },
  { "bounces when down", MAIN, RELAY (ASK_WITH ("default_action=DUNNO")), "default-action", right },
  { "refuses when down", MAIN, RELAY (ASK_WITH ("{ default_action = REJECT no }")), "default-action", right },
  { "the wrong way round", MAIN, RELAY (ASK_WITH ("{ default_action = DEFER_IF_PERMIT 4.7.1 x }")), "default-action", right },
  { "braces do not match", MAIN, RELAY (ASK_WITH ("{ default_action = OK }x")), "default-action", right },
  { "451 when down", MAIN, RELAY (ASK_WITH ("{ default_action = 451 4.7.1 x }")), "default-action", NULL },
  { "no timeout", MAIN, RELAY ("check_policy_service { unix:private/popgate, { default_action = DEFER_IF_REJECT x } }"),
    "timeout", right },
  { "milliseconds", MAIN,
    RELAY ("check_policy_service { unix:private/popgate, timeout=200ms, { default_action = DEFER_IF_REJECT x } }"), "timeout",
    right },
  { "long timeout", MAIN,
    RELAY ("check_policy_service { unix:private/popgate, timeout=100s, { default_action = DEFER_IF_REJECT x } }"), "timeout",
    right },
  { "context without own domains", MAIN,
    "smtpd_relay_restrictions = permit_mynetworks, " ASK_WITH ("policy_context=popgate-reject") ", reject_unauth_destination\n",
    "policy-context",
    "permit_mynetworks, permit_auth_destination, check_policy_service { unix:private/popgate, timeout=5s, "
    "policy_context=popgate-reject, { default_action = DEFER_IF_REJECT 4.7.1 try again } }" },
  { "context", MAIN, RELAY (ASK_WITH ("policy_context=popgate-reject")), "policy-context", NULL },
  { "another place", MAIN, RELAY ("check_policy_service { unix:private/popgated, timeout=5s }"), "socket-path", right },
  { "absolute in a chroot", MAIN, RELAY ("check_policy_service { unix:/var/spool/postfix/private/popgate, timeout=5s }"),
    "socket-path", right },
  { "everybody", MAIN, "mynetworks = 127.0.0.0/8, 0.0.0.0/0\n", "mynetworks", "mynetworks = 127.0.0.0/8" },
  { "everybody by IPv6", MAIN, "mynetworks = 127.0.0.0/8 [::]/0\n", "mynetworks", "mynetworks = 127.0.0.0/8" },
  { "a wide network", MAIN, "mynetworks = 192.0.0.0/8\n", "mynetworks", "mynetworks = 127.0.0.0/8, [::1]/128" },
  { "everybody for one service", MAIN, "smtps/inet/mynetworks = static:all\n", "mynetworks",
    "-o { mynetworks = 127.0.0.0/8, [::1]/128 }" },
  { "private networks", MAIN, "mynetworks = 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 [fc00::]/7 hash:/etc/postfix/nets\n",
    "mynetworks", NULL },
  { "IPv4 for SMTP alone", MAIN, "inet_protocols = ipv4\n", "address-families", "inet_protocols = all" },
  { "IPv4 for POP alone", DOVECOT, "listen = *\n", "address-families", "listen = *, ::" },
  { "both on IPv4", MAIN, "inet_protocols = ipv4\n", "relay-list", NULL },
  { "another instance", DOVECOT, "instance_name = dovecot-pop\n", "dovecot-name", "[log]\ndovecot_name = dovecot, dovecot-pop" },
  { "another log", DOVECOT, "log_path = /var/log/dovecot.log\n", "dovecot-log",
    "source = file:/var/log/mail.log, file:/var/log/dovecot.log,format=dovecot" },
  { "lines without an address", DOVECOT, "login_log_format_elements = user=<%u>\n", "dovecot-log", "rip=%r" },
  { "lines that end in the address", DOVECOT, "login_log_format_elements = user=<%u> rip=%r\n", "dovecot-log", "rip=%r lip=%l" },
  { "disabled", UNIT, "UnitFileState=disabled\n", "unit", "systemctl enable popgated" },
  { "not restarted", UNIT, "Restart=no\n", "unit", "[Service]\nRestart=on-failure" },
  { "not confined", UNIT, "ProtectSystem=no\n", "unit", "[Service]\nProtectSystem=strict" },
  { "few descriptors", UNIT, "LimitNOFILE=1024\n", "unit", "LimitNOFILE=16896" },
  { "rsyslog's limit", RSYSLOG, "#file /etc/rsyslog.conf\nmodule(load=\"imuxsock\" SysSock.RateLimit.Interval=\"5\")\n",
    "rsyslog-limit", "module(load=\"imuxsock\" SysSock.RateLimit.Interval=\"0\")" },
  { "rsyslog's old limit", RSYSLOG, "#file /etc/rsyslog.d/a.conf\n$SystemLogRateLimitInterval 5\n", "rsyslog-limit",
    "$SystemLogRateLimitInterval 0" },
  { "rsyslog's limit for the journal", RSYSLOG, "#file /etc/rsyslog.conf\nmodule(load=\"imjournal\" StateFile=\"x\")\n",
    "rsyslog-limit", "module(load=\"imjournal\" StateFile=\"x\" Ratelimit.Interval=\"0\")" },
  { "rsyslog without a limit for the journal", RSYSLOG, "#file /x\nmodule(load=\"imjournal\" Ratelimit.Interval=\"0\")\n",
    "rsyslog-limit", NULL },
  { "journald's limit", JOURNALD, "[Journal]\nRateLimitIntervalSec=1min\nRateLimitBurst=1000\n", "journald-limit",
    "RateLimitBurst=10000" },
  { "journald without a limit", JOURNALD, "[Journal]\nRateLimitIntervalSec=0\nRateLimitBurst=1\n", "journald-limit", NULL },
  { "frozen", STATUS, "{\"version\":\"1\",\"frozen\":true,\"store\":{},\"sources\":[]}", "daemon", "popgate thaw" },
  { "old", STATUS, "{\"version\":\"0\",\"frozen\":false,\"store\":{},\"sources\":[]}", "daemon", "systemctl restart popgated" },
  { "log not readable", STATUS,
    "{\"version\":\"1\",\"frozen\":false,\"store\":{},\"sources\":[{\"name\":\"file:/var/log/mail.log\",\"state\":\"blind\","
    "\"problem\":\"cannot open: Permission denied\"}]}",
    "daemon", "chgrp adm /var/log/mail.log" },
  { "none is never granted", CONFIG, "[log]\nnever_grant = none\n", "config", "never_grant =" },
};

/* Compared without the "name = " and LF that a row's own text has. */
static gboolean
has_change (const PgDoctorReport *report, const char *change)
{
  g_autofree char *wanted = g_strchomp (g_strdup (change));

  for (guint i = 0; i < pg_doctor_report_size (report); i++)
    {
      const PgDoctorEntry *entry = pg_doctor_report_entry (report, i);

      if (entry->result == PG_DOCTOR_FINDING && entry->where != NULL && strstr (entry->change, wanted) != NULL)
        return TRUE;
    }
  return FALSE;
}

START_TEST (fault)
{
  g_autoptr (PgDoctorFacts) facts = make_host (faults[_i].part, faults[_i].text);
  g_autoptr (PgDoctorReport) report = NULL;
  g_autofree char *told = NULL;

  feed (facts, good_log);
  report = run (facts, faults[_i].check);
  told = tell (report);
  if (faults[_i].change == NULL)
    ck_assert_msg (pg_doctor_report_result (report) == PG_DOCTOR_OK, "%s: %s", faults[_i].name, told);
  else
    ck_assert_msg (has_change (report, faults[_i].change), "%s: %s", faults[_i].name, told);
}
END_TEST

/* smtp and smtps have main.cf's list: one finding, not two. */
START_TEST (told_once)
{
  g_autoptr (PgDoctorFacts) facts =
      make_host (MAIN, RELAY (ASK_WITH ("default_action=OK")) "smtps/inet/smtpd_data_restrictions = reject\n");
  g_autoptr (PgDoctorReport) report = run (facts, "default-action");
  g_autofree char *told = tell (report);

  ck_assert_msg (pg_doctor_report_size (report) == 1 && strstr (told, "(smtp inet, smtps inet)") != NULL, "%s", told);
}
END_TEST

START_TEST (other_policy_server)
{
  g_autoptr (PgDoctorFacts) facts = make_host (MAIN, RELAY ("check_policy_service unix:private/postgrey"));
  g_autoptr (PgDoctorReport) report = run (facts, "relay-list");

  ck_assert_int_eq (pg_doctor_report_result (report), PG_DOCTOR_UNKNOWN);
}
END_TEST

/* --- sockets, logs, database ----------------------------------------------------------------------------------------- */

static void
assert_change (const PgDoctorFacts *facts, const char *check, const char *where, const char *change)
{
  g_autoptr (PgDoctorReport) report = run (facts, check);
  g_autofree char *told = tell (report);

  ck_assert_msg (has_change (report, change) && strstr (told, where) != NULL, "%s", told);
}

START_TEST (socket_rights)
{
  g_autoptr (PgDoctorFacts) facts = make_host (NOTHING, NULL);
  PgDoctorSocket *socket = g_ptr_array_index (facts->sockets, 0);

  socket->failure = EACCES;
  socket->blocker = g_strdup (socket->path);
  assert_change (facts, "socket-rights", "/etc/popgate/popgate.conf", "[policy]\nsocket_mode = 0660");
  facts->is_passed = TRUE;
  assert_change (facts, "socket-rights", "popgated.socket.d/override.conf", "[Socket]\nSocketMode=0660");
  g_free (socket->blocker);
  socket->blocker = g_strdup ("/var/spool");
  assert_change (facts, "socket-rights", "run", "chmod o+x /var/spool");
}
END_TEST

START_TEST (answers)
{
  static const char *const bad[] = { "OK", "DEFER_IF_REJECT 4.7.1 x", "", "1234" };
  g_autoptr (PgDoctorFacts) facts = make_host (NOTHING, NULL);
  PgDoctorSocket *socket = g_ptr_array_index (facts->sockets, 0);

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_free (socket->action);
      socket->action = g_strdup (bad[i]);
      assert_change (facts, "live-query", "run", "popgate explain " PG_DOCTOR_ADDRESS);
    }
}
END_TEST

static const struct
{
  const char *text;
  const char *expected;
} passed[] = {
  { "", "" },
  { "ActiveState=active\nListen=/run/x (Stream)\n", "unix:/run/x" },
  { "Listen=/run/x (Stream)\nActiveState=active\nListen=[::1]:10040 (Stream)\n", "unix:/run/x inet:[::1]:10040" },
  { "ActiveState=inactive\nListen=/run/x (Stream)\n", "" },
  { "ActiveState=active\nListen=/run/x (Datagram)\nListen=\n", "" },
};

START_TEST (passed_sockets)
{
  g_auto (GStrv) names = pg_doctor_passed (passed[_i].text);
  g_autofree char *got = g_strjoinv (" ", names);

  assert_row_text (passed[_i].text, got, passed[_i].expected);
}
END_TEST

static const struct
{
  const char *name;
  const char *lines;
  const char *check;
  const char *change;
} logs[] = {
  { "old", LOGIN ("2025-11-20T10:39:33+00:00", "anna", "192.0.2.7"), "log-fresh", "systemctl restart rsyslog" },
  { "ahead", LOGIN ("2025-11-23T11:39:33+00:00", "anna", "192.0.2.7"), "log-time", "RSYSLOG_FileFormat" },
  { "ahead without a zone", LOGIN ("Nov 23 11:39:33", "anna", "192.0.2.7"), "log-time", "RSYSLOG_FileFormat" },
  { "behind by an hour", LOGIN ("Nov 23 09:39:58", "anna", "192.0.2.7"), "log-time", "RSYSLOG_FileFormat" },
  { "no logins", "2025-11-23T10:39:33+00:00 mx postfix/smtpd[1]: connect\n", "log-logins", "popgate parse --unmatched" },
  { "webmail", LOGIN ("2025-11-23T10:39:33+00:00", "anna", "192.0.2.7") LOGIN ("2025-11-23T10:39:34+00:00", "bob", "192.0.2.7"),
    "shared-addresses", "[log]\nnever_grant = 192.0.2.7" },
};

START_TEST (log_fault)
{
  g_autoptr (PgDoctorFacts) facts = make_host (NOTHING, NULL);
  PgDoctorLog *log;

  feed (facts, logs[_i].lines);
  log = g_ptr_array_index (facts->logs, 0);
  if (g_str_equal (logs[_i].check, "log-fresh"))
    log->modified_us = log->line_us;
  assert_change (facts, logs[_i].check, "", logs[_i].change);
}
END_TEST

START_TEST (log_writers)
{
  g_autoptr (PgDoctorFacts) facts = make_host (NOTHING, NULL);

  feed (facts, good_log);
  ((PgDoctorLog *) g_ptr_array_index (facts->logs, 0))->untrusted =
      g_strdup ("/var/log is not trusted: everybody may write to it");
  assert_change (facts, "log-writers", "run", "chmod go-w /var/log");
}
END_TEST

START_TEST (database)
{
  g_autoptr (PgDoctorFacts) facts = make_host (NOTHING, NULL);

  facts->store.mode = 0644;
  assert_change (facts, "database", "run", "chmod 600 /var/lib/popgate/popgate.gdbm");
  facts->store.uid = 0;
  assert_change (facts, "database", "run", "chown 990 /var/lib/popgate/popgate.gdbm");
  facts->store_folder.mode = 0777;
  assert_change (facts, "database", "run", "chmod go-w /var/lib/popgate");
}
END_TEST

START_TEST (json)
{
  g_autoptr (PgDoctorReport) report = pg_doctor_report_new ();
  g_autoptr (JsonObject) object = NULL;
  JsonObject *entry;

  pg_doctor_ok (report, "fine");
  pg_doctor_find (report, "main.cf", "a = b", "%s", "bad \xff");
  object = pg_doctor_report_to_json (report, "name", "about");
  ck_assert_str_eq (json_object_get_string_member (object, "result"), "finding");
  entry = json_array_get_object_element (json_object_get_array_member (object, "entries"), 1);
  ck_assert_str_eq (json_object_get_string_member (entry, "what"), "bad \xef\xbf\xbd");
  ck_assert_str_eq (json_object_get_string_member (entry, "change"), "a = b");
}
END_TEST

static void
fill (TCase *tests)
{
  tcase_add_test (tests, all_well);
  tcase_add_test (tests, nothing_known);
  tcase_add_test (tests, frozen_and_absent);
  tcase_add_loop_test (tests, fault, 0, G_N_ELEMENTS (faults));
  tcase_add_test (tests, told_once);
  tcase_add_test (tests, other_policy_server);
  tcase_add_test (tests, socket_rights);
  tcase_add_test (tests, answers);
  tcase_add_loop_test (tests, passed_sockets, 0, G_N_ELEMENTS (passed));
  tcase_add_loop_test (tests, log_fault, 0, G_N_ELEMENTS (logs));
  tcase_add_test (tests, log_writers);
  tcase_add_test (tests, database);
  tcase_add_test (tests, json);
}

PG_TEST_MAIN ("doctor", fill)
