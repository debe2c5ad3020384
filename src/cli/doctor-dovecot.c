/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Dovecot: who it says it is, where it logs, and at which addresses it and Postfix serve. */
#include "cli/doctor-judges.h"

#include "core/postconf-list.h"

/* --- dovecot-name ---------------------------------------------------------------------------------------------------- */

static gboolean
knows_dovecot (const PgDoctorFacts *facts, PgDoctorReport *report)
{
  if (facts->dovecot == NULL)
    pg_doctor_unknown (report, "%s", facts->dovecot_problem);
  return facts->dovecot != NULL;
}

void
pg_doctor_judge_dovecot_name (const PgDoctorFacts *facts, PgDoctorReport *report)
{
  const char *name;

  if (!knows_dovecot (facts, report))
    return;
  name = pg_postconf_get (facts->dovecot, "instance_name");
  if (name == NULL)
    pg_doctor_unknown (report, "doveconf does not tell instance_name");
  else if (!pg_doctor_has_syslog (facts) && !pg_doctor_has_journal (facts))
    pg_doctor_ok (report, "\"%s\", which is not looked at in Dovecot's own log file", name);
  else if (g_strv_contains ((const char *const *) facts->config->dovecot_names, name))
    pg_doctor_ok (report, "\"%s\"", name);
  else
    {
      g_autofree char *names = g_strjoinv (", ", facts->config->dovecot_names);
      g_autofree char *change = g_strdup_printf ("[log]\ndovecot_name = %s, %s", names, name);

      pg_doctor_find (report, facts->config_path, change, "Dovecot is called \"%s\" in syslog, so its logins are not read", name);
    }
}

/* --- dovecot-log ----------------------------------------------------------------------------------------------------- */

static const char *
get (const PgDoctorFacts *facts, const char *name)
{
  const char *value = pg_postconf_get (facts->dovecot, name);

  return value != NULL ? value : "";
}

static gboolean
reads_file (const PgDoctorFacts *facts, const char *path)
{
  for (guint i = 0; i < facts->logs->len; i++)
    {
      const PgDoctorLog *log = g_ptr_array_index (facts->logs, i);

      if (g_strcmp0 (log->spec->path, path) == 0)
        return TRUE;
    }
  return FALSE;
}

static char *
add_source (const PgDoctorFacts *facts, const char *source)
{
  g_autofree char *sources = g_strjoinv (", ", facts->config->sources);

  return g_strdup_printf ("[log]\nsource = %s%s%s", sources, sources[0] != '\0' ? ", " : "", source);
}

static void
judge_place (const PgDoctorFacts *facts, PgDoctorReport *report)
{
  const char      *path = get (facts, "info_log_path")[0] != '\0' ? get (facts, "info_log_path") : get (facts, "log_path");
  gboolean         is_file = path[0] == '/';
  g_autofree char *source = is_file ? g_strdup_printf ("file:%s,format=dovecot", path) : g_strdup ("file:/var/log/mail.log");
  g_autofree char *change = add_source (facts, source);

  if (is_file && !reads_file (facts, path))
    pg_doctor_find (report, facts->config_path, change, "Dovecot logs to %s, which is not read", path);
  else if (g_str_equal (path, "syslog") && !pg_doctor_has_syslog (facts) && !pg_doctor_has_journal (facts))
    pg_doctor_find (report, facts->config_path, change, "Dovecot logs to syslog, and no source of logins comes from there");
}

/* A line whose last element is the address may have been cut there. */
static gboolean
ends_in_address (const char *elements)
{
  const char *last = strstr (elements, "rip=");

  return last != NULL && strpbrk (last, " \t") == NULL;
}

static void
judge_elements (PgDoctorReport *report, const char *elements)
{
  const char *change = "login_log_format_elements = user=<%u> method=%m rip=%r lip=%l mpid=%e %c session=<%{session}>";

  if (elements[0] == '\0')
    return;
  if (strstr (elements, "user=<") == NULL || strstr (elements, "rip=") == NULL)
    pg_doctor_find (report, "dovecot.conf", change, "Dovecot's login lines have no user=<...> or no rip=...");
  else if (ends_in_address (elements))
    pg_doctor_find (report, "dovecot.conf", change, "Dovecot's login lines end in rip=..., where a cut line has another address");
}

void
pg_doctor_judge_dovecot_log (const PgDoctorFacts *facts, PgDoctorReport *report)
{
  if (!knows_dovecot (facts, report))
    return;
  if (facts->logs->len > 0)
    judge_place (facts, report);
  judge_elements (report, get (facts, "login_log_format_elements"));
  if (pg_doctor_report_size (report) == 0)
    pg_doctor_ok (report, "Dovecot's logins are logged where they are read");
}

/* --- address-families ------------------------------------------------------------------------------------------------ */

enum
{
  V4 = 1,
  V6 = 2,
};

/* What addresses in a list of them, or words for all, are of. */
static guint
families_of (const char *text, const char *all, guint all_families)
{
  PgSpan list = pg_span_from_string (text);
  guint  families = 0;
  PgSpan word;

  while (pg_postconf_take_word (&list, &word))
    {
      PgNetwork network;

      if (pg_span_is (word, all))
        families |= all_families;
      else if (pg_span_is (word, "::") || pg_span_is (word, "[::]"))
        families |= V6;
      else if (pg_postconf_network_parse (word, &network))
        families |= memchr (word.data, ':', word.len) != NULL ? V6 : V4;
      else
        families |= V4 | V6; /* a name */
    }
  return families;
}

static guint
smtp_families (const PgDoctorFacts *facts)
{
  const char *protocols = pg_postconf_get (facts->postfix, "inet_protocols");
  const char *interfaces = pg_postconf_get (facts->postfix, "inet_interfaces");
  guint       families = V4 | V6;

  if (protocols != NULL && strstr (protocols, "all") == NULL)
    families = (strstr (protocols, "ipv4") != NULL ? V4 : 0u) | (strstr (protocols, "ipv6") != NULL ? V6 : 0u);
  return families & families_of (interfaces != NULL ? interfaces : "all", "all", V4 | V6);
}

static void
compare (const PgDoctorFacts *facts, guint pop, guint smtp, PgDoctorReport *report)
{
  g_autofree char *file = g_strconcat (facts->postfix_folder, "/main.cf", NULL);

  if ((pop & V6) != 0 && (smtp & V6) == 0)
    pg_doctor_find (report, file, "inet_protocols = all\ninet_interfaces = all",
                    "clients can check their mail over IPv6, and send over IPv4 only: from an address that did not log in");
  else if ((pop & V4) != 0 && (smtp & V4) == 0)
    pg_doctor_find (report, file, "inet_protocols = all\ninet_interfaces = all",
                    "clients can check their mail over IPv4, and send over IPv6 only: from an address that did not log in");
  else if (pop != smtp)
    pg_doctor_find (report, "dovecot.conf",
                    "listen = *, ::", "clients can send over %s, and check their mail over %s only: from another address",
                    (pop & V6) == 0 ? "IPv6" : "IPv4", (pop & V6) == 0 ? "IPv4" : "IPv6");
  else
    pg_doctor_ok (report, "POP and SMTP have the same: %s%s%s", (pop & V4) != 0 ? "IPv4" : "", pop == (V4 | V6) ? " and " : "",
                  (pop & V6) != 0 ? "IPv6" : "");
}

void
pg_doctor_judge_families (const PgDoctorFacts *facts, PgDoctorReport *report)
{
  guint pop;

  if (facts->postfix == NULL || facts->dovecot == NULL)
    {
      pg_doctor_unknown (report, "%s", facts->postfix == NULL ? facts->postfix_problem : facts->dovecot_problem);
      return;
    }
  pop = families_of (get (facts, "listen"), "*", V4);
  if (pop == 0)
    pg_doctor_unknown (report, "doveconf does not tell listen");
  else
    compare (facts, pop, smtp_families (facts), report);
}
