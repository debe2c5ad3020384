/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How Postfix asks popgate, what it does when there is no answer, and who need not ask. */
#include "cli/doctor-judges.h"
#include "cli/doctor-smtpd.h"

/* Postfix tries twice; a client waits twice as long. */
#define TIMEOUT_MAX_S 30

/* Networks wider than these are hardly anybody's own. */
#define WIDEST_V4 (PG_NETWORK_V4_BITS + 16)
#define WIDEST_V6 32

typedef void (*JudgeAsk) (const PgDoctorFacts *facts, const PgDoctorSmtpd *smtpd, const PgPostconfAsk *ask,
                          PgDoctorReport *report);

/* A finding that the whole list, put right, cures. */
static void
find_relay (const PgDoctorFacts *facts, const PgDoctorSmtpd *smtpd, PgDoctorReport *report, const char *what)
{
  g_autofree char *value = pg_doctor_fix_relay (facts, smtpd);
  g_autofree char *where = NULL;
  g_autofree char *change = NULL;

  pg_doctor_where (facts, smtpd, smtpd->lists[PG_DOCTOR_RELAY].is_own, "smtpd_relay_restrictions", value, &where, &change);
  pg_doctor_find (report, where, change, "%s (%s)", what, smtpd->names);
}

static void
judge_asking (const PgDoctorFacts *facts, const PgDoctorSmtpd *smtpd, JudgeAsk judge, PgDoctorReport *report)
{
  g_autoptr (GError) error = NULL;
  PgPostconfAsk ask;

  if (pg_doctor_smtpd_ask (smtpd, &ask, &error))
    judge (facts, smtpd, &ask, report);
  else if (error != NULL)
    find_relay (facts, smtpd, report, error->message);
}

static void
judge_each (const PgDoctorFacts *facts, JudgeAsk judge, PgDoctorReport *report)
{
  g_autoptr (GPtrArray) smtpds = NULL;

  if (facts->postfix == NULL)
    {
      pg_doctor_unknown (report, "%s", facts->postfix_problem);
      return;
    }
  smtpds = pg_doctor_smtpds (facts, PG_DOCTOR_BY (PG_DOCTOR_RELAY));
  for (guint i = 0; i < smtpds->len; i++)
    judge_asking (facts, g_ptr_array_index (smtpds, i), judge, report);
  if (pg_doctor_report_size (report) == 0)
    pg_doctor_unknown (report, "popgate is asked nowhere");
}

/* --- postfix-version ------------------------------------------------------------------------------------------------- */

void
pg_doctor_judge_postfix_version (const PgDoctorFacts *facts, PgDoctorReport *report)
{
  const char *version = facts->postfix != NULL ? pg_postconf_get (facts->postfix, "mail_version") : NULL;
  PgSpan      left = pg_span_from_string (version != NULL ? version : "");
  guint       major;

  if (facts->postfix == NULL)
    pg_doctor_unknown (report, "%s", facts->postfix_problem);
  else if (!pg_span_take_number (&left, 1, 4, &major))
    pg_doctor_unknown (report, "postconf does not tell Postfix's version");
  else if (major < 3)
    pg_doctor_find (report, NULL, NULL,
                    "Postfix %s cannot be told what to do when popgate does not answer: 3.0 or later is needed", version);
  else
    pg_doctor_ok (report, "Postfix %s", version);
}

/* --- default-action -------------------------------------------------------------------------------------------------- */

static gboolean
begins (PgSpan text, const char *word)
{
  gsize len = strlen (word);

  return text.len >= len && g_ascii_strncasecmp (text.data, word, len) == 0
         && (text.len == len || g_ascii_isspace (text.data[len]));
}

static gboolean
is_digits (PgSpan text)
{
  for (gsize i = 0; i < text.len; i++)
    if (!g_ascii_isdigit (text.data[i]))
      return FALSE;
  return TRUE;
}

/* What Postfix does with it when popgated is down; NULL: mail waits. */
static const char *
tell_action (PgSpan action)
{
  if (action.data == NULL)
    return "default_action is not set: while popgate is down, clients are told 451 4.3.5 \"Server configuration problem\"";
  if (action.len == 0)
    return "smtpd ends at once: default_action is empty";
  if (is_digits (action))
    return "OPEN RELAY while popgate is down: a default_action of digits permits";
  if (begins (action, "ok") || begins (action, "permit") || begins (action, "relay"))
    return "OPEN RELAY while popgate is down: default_action permits";
  if (begins (action, "defer_if_permit"))
    return "default_action is the wrong way round: DEFER_IF_PERMIT refuses for good while popgate is down";
  if (begins (action, "dunno"))
    return "default_action = DUNNO bounces mail of customers while popgate is down";
  if (begins (action, "reject") || action.data[0] == '5')
    return "default_action bounces mail while popgate is down";
  if (!begins (action, "defer_if_reject") && !begins (action, "defer") && action.data[0] != '4')
    return "default_action is none that Postfix is known to make mail wait by";
  return NULL;
}

static void
judge_action (const PgDoctorFacts *facts, const PgDoctorSmtpd *smtpd, const PgPostconfAsk *ask, PgDoctorReport *report)
{
  const char *what = ask->has_braces ? tell_action (ask->default_action)
                                     : "check_policy_service has no braces: no default_action and no timeout can be set for it";

  if (what != NULL)
    find_relay (facts, smtpd, report, what);
  else
    pg_doctor_ok (report, "mail waits while popgate is down (%s)", smtpd->names);
}

void
pg_doctor_judge_default_action (const PgDoctorFacts *facts, PgDoctorReport *report)
{
  judge_each (facts, judge_action, report);
}

/* --- timeout --------------------------------------------------------------------------------------------------------- */

static const char *
tell_timeout (PgSpan timeout)
{
  guint seconds;

  if (timeout.data == NULL)
    return "no timeout is set: while popgate hangs, each client waits for 201 seconds";
  if (!pg_span_take_number (&timeout, 1, 6, &seconds) || (timeout.len > 0 && !pg_span_is (timeout, "s")))
    return "the timeout is not in whole seconds (Postfix reads \"200ms\" as 200 minutes)";
  if (seconds == 0 || seconds > TIMEOUT_MAX_S)
    return "the timeout is too long or none: while popgate hangs, each client waits for twice as long";
  return NULL;
}

static void
judge_timeout (const PgDoctorFacts *facts, const PgDoctorSmtpd *smtpd, const PgPostconfAsk *ask, PgDoctorReport *report)
{
  const char *what = tell_timeout (ask->timeout);

  if (what != NULL)
    find_relay (facts, smtpd, report, what);
  else
    pg_doctor_ok (report, "%.*s (%s)", (int) ask->timeout.len, ask->timeout.data, smtpd->names);
}

void
pg_doctor_judge_timeout (const PgDoctorFacts *facts, PgDoctorReport *report)
{
  judge_each (facts, judge_timeout, report);
}

/* --- policy-context -------------------------------------------------------------------------------------------------- */

static void
judge_context (const PgDoctorFacts *facts, const PgDoctorSmtpd *smtpd, const PgPostconfAsk *ask, PgDoctorReport *report)
{
  const PgDoctorList *relay = &smtpd->lists[PG_DOCTOR_RELAY];
  int                 own = pg_doctor_list_find (relay, "permit_auth_destination");

  if (!pg_span_is (ask->policy_context, "popgate-reject"))
    pg_doctor_ok (report, "strangers get Postfix's own answer (%s)", smtpd->names);
  else if (own < 0 || own > relay->ask)
    find_relay (facts, smtpd, report,
                "policy_context=popgate-reject without permit_auth_destination before it: strangers who write to your own "
                "domains can be refused");
  else
    pg_doctor_ok (report, "strangers get the text of [policy] reject%s (%s)",
                  facts->config->reject[0] != '\0' ? "" : ", which is not set", smtpd->names);
}

void
pg_doctor_judge_policy_context (const PgDoctorFacts *facts, PgDoctorReport *report)
{
  judge_each (facts, judge_context, report);
}

/* --- socket-path ----------------------------------------------------------------------------------------------------- */

static char *
join_sockets (const PgDoctorFacts *facts)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < facts->sockets->len; i++)
    g_string_append_printf (text, "%s%s", i > 0 ? ", " : "",
                            ((const PgDoctorSocket *) g_ptr_array_index (facts->sockets, i))->name);
  return g_string_free (text, FALSE);
}

static void
find_elsewhere (const PgDoctorFacts *facts, const PgDoctorSmtpd *smtpd, const PgPostconfAsk *ask, PgDoctorReport *report)
{
  g_autofree char *listens = join_sockets (facts);
  g_autofree char *what =
      g_strdup_printf ("Postfix asks at %.*s, and popgated listens at %s", (int) ask->endpoint.len, ask->endpoint.data, listens);
  g_autofree char *path = pg_doctor_endpoint_path (facts, ask->endpoint);
  g_autofree char *best = pg_doctor_best_endpoint (facts);
  g_autofree char *best_path = pg_doctor_endpoint_path (facts, pg_span_from_string (best));
  g_autofree char *change =
      g_strdup_printf (facts->is_passed ? "[Socket]\nListenStream=\nListenStream=%s" : "[policy]\nlisten = unix:%s", path);

  /* What popgated listens at may be all that Postfix can't reach; then it is popgated that should listen elsewhere. */
  if (path != NULL && (best_path == NULL || !pg_doctor_listens (facts, pg_span_from_string (best))))
    pg_doctor_find (report, facts->is_passed ? "/etc/systemd/system/popgated.socket.d/override.conf" : facts->config_path, change,
                    "%s (%s)", what, smtpd->names);
  else
    find_relay (facts, smtpd, report, what);
}

static void
judge_path (const PgDoctorFacts *facts, const PgDoctorSmtpd *smtpd, const PgPostconfAsk *ask, PgDoctorReport *report)
{
  g_autofree char *path = pg_doctor_endpoint_path (facts, ask->endpoint);
  gboolean         is_absolute = path != NULL && memchr (ask->endpoint.data, '/', ask->endpoint.len) != NULL
                         && memmem (ask->endpoint.data, ask->endpoint.len, ":/", 2) != NULL;

  if (facts->config_problem != NULL)
    pg_doctor_unknown (report, "where popgated listens is not known: %s", facts->config_problem);
  else if (is_absolute && smtpd->chrooted != NULL)
    find_relay (facts, smtpd, report, "smtpd runs in a chroot, where an absolute path names another place");
  else if (!pg_doctor_listens (facts, ask->endpoint))
    find_elsewhere (facts, smtpd, ask, report);
  else
    pg_doctor_ok (report, "%.*s (%s)", (int) ask->endpoint.len, ask->endpoint.data, smtpd->names);
}

void
pg_doctor_judge_socket_path (const PgDoctorFacts *facts, PgDoctorReport *report)
{
  judge_each (facts, judge_path, report);
}

/* --- mynetworks ------------------------------------------------------------------------------------------------------ */

/* RFC 1918, 4193, 3927, 4291: who is there is near. */
static gboolean
is_private (const PgNetwork *network)
{
  static const char *const names[] = { "127.0.0.0/8",    "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16",
                                       "169.254.0.0/16", "fc00::/7",   "fe80::/10" };
  PgNetwork                known;

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    if (pg_network_parse (pg_span_from_string (names[i]), &known, NULL) && network->prefix >= known.prefix
        && pg_network_covers (&known, &network->base))
      return TRUE;
  return FALSE;
}

static gboolean
is_too_wide (const PgNetwork *network)
{
  if (is_private (network))
    return FALSE;
  return network->prefix < (pg_address_is_v4 (&network->base) && network->prefix >= PG_NETWORK_V4_BITS ? WIDEST_V4 : WIDEST_V6);
}

/* The list without its words that are @wide, or only them. */
static char *
filter (const char *networks, gboolean wide)
{
  GString *out = g_string_new (NULL);
  PgSpan   list = pg_span_from_string (networks);
  PgSpan   word;

  while (pg_postconf_take_word (&list, &word))
    {
      PgNetwork network;
      gboolean  is_wide = (pg_postconf_network_parse (word, &network) && is_too_wide (&network))
                         || pg_span_equal (word, pg_span_from_string ("static:all"));

      if (is_wide == wide)
        g_string_append_printf (out, "%s%.*s", out->len > 0 ? ", " : "", (int) word.len, word.data);
    }
  return g_string_free (out, FALSE);
}

static void
judge_networks (const PgDoctorFacts *facts, const PgDoctorSmtpd *smtpd, PgDoctorReport *report)
{
  gboolean         is_own = FALSE;
  const char      *networks = pg_postconf_get_for (facts->postfix, smtpd->service, "mynetworks", &is_own);
  g_autofree char *wide = filter (networks != NULL ? networks : "", TRUE);
  g_autofree char *rest = filter (networks != NULL ? networks : "", FALSE);
  g_autofree char *where = NULL;
  g_autofree char *change = NULL;

  if (wide[0] == '\0')
    return;
  pg_doctor_where (facts, smtpd, is_own, "mynetworks", rest[0] != '\0' ? rest : "127.0.0.0/8, [::1]/128", &where, &change);
  pg_doctor_find (report, where, change, "OPEN RELAY to all of %s, which mynetworks permits without a login (%s)", wide,
                  smtpd->names);
}

void
pg_doctor_judge_mynetworks (const PgDoctorFacts *facts, PgDoctorReport *report)
{
  g_autoptr (GPtrArray) smtpds = facts->postfix != NULL ? pg_doctor_smtpds (facts, PG_DOCTOR_BY_NETWORKS) : NULL;

  for (guint i = 0; smtpds != NULL && i < smtpds->len; i++)
    judge_networks (facts, g_ptr_array_index (smtpds, i), report);
  if (smtpds == NULL)
    pg_doctor_unknown (report, "%s", facts->postfix_problem);
  else if (pg_doctor_report_size (report) == 0)
    pg_doctor_ok (report, "%s", pg_postconf_get (facts->postfix, "mynetworks"));
}
