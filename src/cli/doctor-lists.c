/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Is popgate asked in the right list, at the right place, and do strangers stay out? */
#include "cli/doctor-judges.h"
#include "cli/doctor-smtpd.h"

/* All that decides who may relay. */
#define BY_PERMISSION                                                                                                            \
  (PG_DOCTOR_BY (PG_DOCTOR_CLIENT) | PG_DOCTOR_BY (PG_DOCTOR_HELO) | PG_DOCTOR_BY (PG_DOCTOR_SENDER)                             \
   | PG_DOCTOR_BY (PG_DOCTOR_RELAY) | PG_DOCTOR_BY (PG_DOCTOR_RECIPIENT))

typedef void (*JudgeSmtpd) (const PgDoctorFacts *facts, const PgDoctorSmtpd *smtpd, PgDoctorReport *report);

/* FALSE: nothing is known of Postfix. */
static gboolean
judge_each (const PgDoctorFacts *facts, guint by, JudgeSmtpd judge, PgDoctorReport *report)
{
  g_autoptr (GPtrArray) smtpds = NULL;

  if (facts->postfix == NULL)
    {
      pg_doctor_unknown (report, "%s", facts->postfix_problem);
      return FALSE;
    }
  smtpds = pg_doctor_smtpds (facts, by);
  for (guint i = 0; i < smtpds->len; i++)
    judge (facts, g_ptr_array_index (smtpds, i), report);
  if (smtpds->len == 0)
    pg_doctor_unknown (report, "%s/master.cf has no smtpd service", facts->postfix_folder);
  return smtpds->len > 0;
}

/* A finding that a new value of a list cures. Takes @value. */
static void
find_list (const PgDoctorFacts *facts, const PgDoctorSmtpd *smtpd, PgDoctorListKind kind, char *value, PgDoctorReport *report,
           const char *what)
{
  g_autofree char *own = value;
  g_autofree char *where = NULL;
  g_autofree char *change = NULL;

  pg_doctor_where (facts, smtpd, smtpd->lists[kind].is_own, pg_doctor_list_name (kind), own, &where, &change);
  pg_doctor_find (report, where, change, "%s (%s)", what, smtpd->names);
}

/* --- relay-list ------------------------------------------------------------------------------------------------------ */

static char *
join_names (const GPtrArray *smtpds, gboolean asking)
{
  GString *names = g_string_new (NULL);

  for (guint i = 0; i < smtpds->len; i++)
    {
      const PgDoctorSmtpd *smtpd = g_ptr_array_index (smtpds, i);

      if (pg_doctor_smtpd_asks (smtpd) == asking)
        g_string_append_printf (names, "%s%s", names->len > 0 ? ", " : "", smtpd->names);
    }
  return g_string_free (names, FALSE);
}

/* Where main.cf's list would be changed; if all have lists of their own, the first of them. */
static const PgDoctorSmtpd *
pick_main (const GPtrArray *smtpds)
{
  for (guint i = 0; i < smtpds->len; i++)
    {
      const PgDoctorSmtpd *smtpd = g_ptr_array_index (smtpds, i);

      if (!smtpd->lists[PG_DOCTOR_RELAY].is_own)
        return smtpd;
    }
  return g_ptr_array_index (smtpds, 0);
}

/* Nobody asks at a place that is known to be ours. */
static void
judge_unasked (const PgDoctorFacts *facts, const PgDoctorSmtpd *smtpd, PgDoctorReport *report)
{
  g_autofree char *elsewhere = pg_doctor_smtpd_asks_elsewhere (smtpd);

  if (elsewhere != NULL)
    pg_doctor_unknown (report, "Postfix asks a policy server at %s, where popgated is not known to listen (%s)", elsewhere,
                       smtpd->names);
  else
    find_list (facts, smtpd, PG_DOCTOR_RELAY, pg_doctor_fix_relay (facts, smtpd), report,
               "Postfix does not ask popgate in smtpd_relay_restrictions, so no login lets anybody relay");
}

void
pg_doctor_judge_relay_list (const PgDoctorFacts *facts, PgDoctorReport *report)
{
  g_autoptr (GPtrArray) smtpds = facts->postfix != NULL ? pg_doctor_smtpds (facts, PG_DOCTOR_BY (PG_DOCTOR_RELAY)) : NULL;
  g_autofree char *asking = NULL;
  g_autofree char *others = NULL;

  if (smtpds == NULL || smtpds->len == 0)
    {
      pg_doctor_unknown (report, "%s", smtpds == NULL ? facts->postfix_problem : "master.cf has no smtpd service");
      return;
    }
  asking = join_names (smtpds, TRUE);
  others = join_names (smtpds, FALSE);
  if (asking[0] == '\0')
    judge_unasked (facts, pick_main (smtpds), report);
  else
    pg_doctor_ok (report, "%s %s%s", asking, strchr (asking, ',') != NULL ? "ask popgate" : "asks popgate",
                  others[0] != '\0' ? "" : ", and there is no other smtpd");
  if (asking[0] != '\0' && others[0] != '\0')
    pg_doctor_ok (report, "clients of %s need SMTP AUTH", others);
}

/* --- wrong-list ------------------------------------------------------------------------------------------------------ */

static const char *
tell_wrong_list (const PgDoctorFacts *facts, PgDoctorListKind kind)
{
  const char *delays = pg_postconf_get (facts->postfix, "smtpd_delay_reject");

  if (kind == PG_DOCTOR_RECIPIENT)
    return "popgate is asked in smtpd_recipient_restrictions: its OK skips all spam checks behind it there";
  if (kind > PG_DOCTOR_RECIPIENT)
    return "popgate is asked in a list of another stage than RCPT, where it never has anything to say";
  if (delays != NULL && g_str_equal (delays, "no"))
    return "popgate is asked in a list of another stage than RCPT (smtpd_delay_reject = no), where it never has anything to say";
  return "popgate is asked in a list that cannot let anybody relay: its OK skips the checks behind it there, and no more";
}

static void
judge_wrong_list (const PgDoctorFacts *facts, PgDoctorListKind kind, PgDoctorReport *report)
{
  g_autoptr (GPtrArray) smtpds = pg_doctor_smtpds (facts, PG_DOCTOR_BY (kind));

  for (guint i = 0; i < smtpds->len; i++)
    {
      const PgDoctorSmtpd *smtpd = g_ptr_array_index (smtpds, i);

      if (smtpd->lists[kind].ask >= 0)
        find_list (facts, smtpd, kind, pg_doctor_list_without (facts, &smtpd->lists[kind], -1), report,
                   tell_wrong_list (facts, kind));
    }
}

void
pg_doctor_judge_wrong_list (const PgDoctorFacts *facts, PgDoctorReport *report)
{
  if (facts->postfix == NULL)
    {
      pg_doctor_unknown (report, "%s", facts->postfix_problem);
      return;
    }
  for (guint i = 0; i < PG_DOCTOR_N_LISTS; i++)
    if (i != PG_DOCTOR_RELAY)
      judge_wrong_list (facts, (PgDoctorListKind) i, report);
  if (pg_doctor_report_size (report) == 0)
    pg_doctor_ok (report, "popgate is asked in no other list");
}

/* --- relay-order ----------------------------------------------------------------------------------------------------- */

static int
find_refusal (const PgDoctorList *list)
{
  for (guint i = 0; i < list->items->len; i++)
    if (pg_doctor_refuses (pg_doctor_list_item (list, i)))
      return (int) i;
  return -1;
}

/* What is wrong with the order of the list; NULL: nothing. */
static const char *
tell_order (const PgDoctorList *relay)
{
  int refusal = find_refusal (relay);
  int own = pg_doctor_list_find (relay, "permit_auth_destination");

  if (refusal >= 0 && refusal < relay->ask)
    return "popgate is asked behind what refuses all strangers, so it is never asked when it matters";
  if (pg_doctor_list_find (relay, "permit_mynetworks") > relay->ask)
    return "popgate is asked before permit_mynetworks, so your own networks depend on it";
  if (pg_doctor_list_find (relay, "permit_sasl_authenticated") > relay->ask)
    return "popgate is asked before permit_sasl_authenticated: right only as long as popgate report is to see who moves to SMTP "
           "AUTH";
  if (own < 0 || own > relay->ask)
    return "permit_auth_destination does not stand before popgate, so mail to your own domains depends on it";
  return NULL;
}

static void
judge_order (const PgDoctorFacts *facts, const PgDoctorSmtpd *smtpd, PgDoctorReport *report)
{
  const char *what;

  if (!pg_doctor_smtpd_asks (smtpd))
    return;
  what = tell_order (&smtpd->lists[PG_DOCTOR_RELAY]);
  if (what != NULL)
    find_list (facts, smtpd, PG_DOCTOR_RELAY, pg_doctor_fix_relay (facts, smtpd), report, what);
  else
    pg_doctor_ok (report, "behind mynetworks, SMTP AUTH and your own domains (%s)", smtpd->names);
}

void
pg_doctor_judge_relay_order (const PgDoctorFacts *facts, PgDoctorReport *report)
{
  if (judge_each (facts, PG_DOCTOR_BY (PG_DOCTOR_RELAY), judge_order, report) && pg_doctor_report_size (report) == 0)
    pg_doctor_unknown (report, "popgate is asked nowhere");
}

/* --- open-relay ------------------------------------------------------------------------------------------------------ */

/* What Postfix wants to see in one of both lists, wherever it stands. */
static gboolean
has_refusal (const PgDoctorSmtpd *smtpd)
{
  return find_refusal (&smtpd->lists[PG_DOCTOR_RELAY]) >= 0 || find_refusal (&smtpd->lists[PG_DOCTOR_RECIPIENT]) >= 0;
}

static gboolean
refuses_strangers (const PgDoctorSmtpd *smtpd)
{
  for (guint kind = 0; kind <= PG_DOCTOR_RECIPIENT; kind++)
    if (pg_doctor_list_refuses (&smtpd->lists[kind]))
      return TRUE;
  return FALSE;
}

static void
judge_open (const PgDoctorFacts *facts, const PgDoctorSmtpd *smtpd, PgDoctorReport *report)
{
  const PgDoctorList *relay = &smtpd->lists[PG_DOCTOR_RELAY];

  if (!has_refusal (smtpd))
    find_list (facts, smtpd, PG_DOCTOR_RELAY, pg_doctor_fix_relay (facts, smtpd), report,
               "nothing refuses strangers: reject_unauth_destination is missing, and Postfix refuses to serve so");
  else if (!refuses_strangers (smtpd))
    find_list (facts, smtpd, PG_DOCTOR_RELAY, pg_doctor_fix_relay (facts, smtpd), report,
               "OPEN RELAY: strangers are permitted before anything refuses them");
  else if (pg_doctor_smtpd_asks (smtpd) && !pg_doctor_list_refuses (relay))
    find_list (facts, smtpd, PG_DOCTOR_RELAY, pg_doctor_fix_relay (facts, smtpd), report,
               "smtpd_relay_restrictions does not end in reject_unauth_destination: only another list keeps strangers out");
}

void
pg_doctor_judge_open_relay (const PgDoctorFacts *facts, PgDoctorReport *report)
{
  if (judge_each (facts, BY_PERMISSION, judge_open, report) && pg_doctor_report_size (report) == 0)
    pg_doctor_ok (report, "each smtpd refuses strangers who want to relay");
}

/* --- recipient-list -------------------------------------------------------------------------------------------------- */

/* Only main.cf's: who refuses all but SMTP AUTH in a service's own list means it. */
static void
judge_recipients (const PgDoctorFacts *facts, const PgDoctorSmtpd *smtpd, PgDoctorReport *report)
{
  const PgDoctorList *recipients = &smtpd->lists[PG_DOCTOR_RECIPIENT];
  int                 refusal = find_refusal (recipients);

  if (!pg_doctor_smtpd_asks (smtpd) || recipients->is_own || !pg_doctor_list_refuses (recipients)
      || (recipients->ask >= 0 && recipients->ask < refusal))
    return;
  find_list (facts, smtpd, PG_DOCTOR_RECIPIENT, pg_doctor_list_without (facts, recipients, refusal), report,
             "smtpd_recipient_restrictions refuses all strangers too: who has logged in passes popgate and is refused there");
}

void
pg_doctor_judge_recipient_list (const PgDoctorFacts *facts, PgDoctorReport *report)
{
  if (judge_each (facts, PG_DOCTOR_BY (PG_DOCTOR_RELAY) | PG_DOCTOR_BY (PG_DOCTOR_RECIPIENT), judge_recipients, report)
      && pg_doctor_report_size (report) == 0)
    pg_doctor_ok (report, "smtpd_recipient_restrictions lets pass who has logged in");
}
