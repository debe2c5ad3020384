/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/report-login.h"

static gboolean
has_control (PgSpan text)
{
  for (gsize i = 0; i < text.len; i++)
    if ((guchar) text.data[i] < ' ' || text.data[i] == '\x7f')
      return TRUE;
  return FALSE;
}

/* Fills @login in. Returns why that can't be, or NULL. */
static const char *
read_report (const PgReport *report, PgLogin *login)
{
  if (report->time_us < 0)
    return "it is of a time before 1970";
  if (!pg_service_from_span (report->service, &login->service))
    return "there is no such service";
  if (!pg_address_parse (report->address, &login->address) || pg_address_is_unspecified (&login->address))
    return "its address is none";
  login->has_server_address = report->server_address.len > 0;
  if (login->has_server_address && !pg_address_parse (report->server_address, &login->server_address))
    return "the server's address is none";
  if (report->user.len == 0 || report->user.len > PG_USER_MAX)
    return "its user's name is empty or too long";
  return has_control (report->user) ? "its user's name has control characters" : NULL;
}

gboolean
pg_report_to_login (const PgReport *report, PgLogin *out, const char **out_why)
{
  PgLogin     login = { .time_us = report->time_us, .user = report->user, .server = PG_SERVER_POPGATE_LOGIN };
  const char *why = read_report (report, &login);

  if (why != NULL)
    {
      *out_why = why;
      return FALSE;
    }
  *out = login;
  return TRUE;
}
