/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reports of popgate-login: what is read is written as it was, and a login out of one has all that the gate relies on. */
#include "core/report-login.h"

#include "common.h"

static void
check_login (const PgReport *report)
{
  PgLogin     login;
  const char *why = NULL;
  PgService   service;

  if (!pg_report_to_login (report, &login, &why))
    {
      must (why != NULL);
      return;
    }
  must (why == NULL && login.time_us >= 0 && login.server == PG_SERVER_POPGATE_LOGIN);
  must (login.user.len >= 1 && login.user.len <= PG_USER_MAX && pg_span_equal (login.user, report->user));
  must (memchr (login.user.data, '\n', login.user.len) == NULL && memchr (login.user.data, 0, login.user.len) == NULL);
  must (!pg_address_is_unspecified (&login.address));
  must (pg_service_from_span (report->service, &service) && service == login.service);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autofree char *block = NULL;
  PgSpan           bytes = exact (&block, pg_span ((const char *) data, size));
  guint8           again[PG_REPORT_MAX];
  PgReport         report;

  if (!pg_report_decode (bytes, &report))
    return 0;
  must (pg_report_encode (&report, again) == bytes.len && memcmp (again, bytes.data, bytes.len) == 0);
  check_login (&report);
  return 0;
}
