/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/login-line.h"

#include "core/server-dovecot.h"

typedef struct
{
  PgServer server;
  gboolean (*claims) (const PgHead *head, PgHeadFormat format, const PgLineRules *rules);
  PgServerParse parse;
} Family;

static gboolean
is_listed (PgSpan name, const char *const *list)
{
  for (; *list != NULL; list++)
    if (pg_span_is (name, *list))
      return TRUE;
  return FALSE;
}

static gboolean
claims_dovecot (const PgHead *head, PgHeadFormat format, const PgLineRules *rules)
{
  return format == PG_HEAD_DOVECOT || is_listed (head->program, rules->dovecot_names);
}

static const Family families[] = {
  { PG_SERVER_DOVECOT, claims_dovecot, pg_server_dovecot_parse },
};

static const Family *
find_family (const PgHead *head, PgHeadFormat format, const PgLineRules *rules)
{
  for (gsize i = 0; i < G_N_ELEMENTS (families); i++)
    if ((rules->servers & 1u << families[i].server) != 0 && families[i].claims (head, format, rules))
      return &families[i];
  return NULL;
}

PgLineKind
pg_login_line_parse (PgSpan line, PgHeadFormat format, const PgLineRules *rules, const PgClock *clock, PgLogin *out,
                     const char **out_why)
{
  const Family *family;
  PgHead        head;
  PgLogin       login;
  PgLineKind    kind;

  if (!pg_head_parse (line, format, &head))
    return PG_LINE_FOREIGN;
  family = find_family (&head, format, rules);
  if (family == NULL)
    return PG_LINE_FOREIGN;
  kind = family->parse (&head, format, &login, out_why);
  if (kind != PG_LINE_LOGIN)
    return kind;
  *out_why = NULL;
  if (head.host.len > 0 && *rules->hosts != NULL && !is_listed (head.host, rules->hosts))
    *out_why = "the host is not in [log] hosts";
  else if (!pg_stamp_resolve (&head.stamp, clock, &login.time_us))
    *out_why = "there is no such day or time";
  if (*out_why != NULL)
    return PG_LINE_REFUSED;
  *out = login;
  return PG_LINE_LOGIN;
}
