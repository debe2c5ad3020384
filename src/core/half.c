/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/half.h"

#define HOST_BYTES "-_.:"

/* A message begins with @before and ends with @behind; of an end, anything may stand behind. */
typedef struct
{
  PgServer    server;
  PgHalf      half;
  const char *before;
  const char *behind;
} Form;

static const Form forms[] = {
  { PG_SERVER_POPA3D, PG_HALF_ADDRESS, "Session from ", "" },
  { PG_SERVER_POPA3D, PG_HALF_USER, "Authentication passed for ", "" },
  { PG_SERVER_POPA3D, PG_HALF_END, "Authentication failed for ", "" },
  { PG_SERVER_POPA3D, PG_HALF_END, "Didn't attempt authentication", "" },
  { PG_SERVER_VM_POP3D, PG_HALF_ADDRESS, "Connect from ", "" },
  { PG_SERVER_VM_POP3D, PG_HALF_USER, "User ", " logged in" },
  { PG_SERVER_SOLID_POP3D, PG_HALF_ADDRESS, "connect from ", "" },
  { PG_SERVER_SOLID_POP3D, PG_HALF_USER, "user ", " authenticated" },
  { PG_SERVER_SOLID_POP3D, PG_HALF_USER, "mapped user ", " authenticated" },
  { PG_SERVER_SOLID_POP3D, PG_HALF_END, "session ended ", "" },
};

static gboolean
take_end (PgSpan *span, const char *end)
{
  gsize len = strlen (end);

  if (span->len < len || memcmp (span->data + span->len - len, end, len) != 0)
    return FALSE;
  span->len -= len;
  return TRUE;
}

/* "203.0.113.17" or "host.example.org (203.0.113.17)" */
static gboolean
parse_client (PgSpan text, PgAddress *out)
{
  PgSpan host;

  if (take_end (&text, ")")
      && (!pg_span_take_until (&text, ' ', &host) || !pg_span_only_has (host, HOST_BYTES) || !pg_span_take (&text, "(")))
    return FALSE;
  return pg_address_parse (text, out) && !pg_address_is_unspecified (out);
}

/* @inner: what stands between the form's own words. */
static PgHalf
fill (const Form *form, PgSpan inner, PgLogin *out)
{
  PgAddress address;

  if (form->half == PG_HALF_USER)
    *out = (PgLogin){ .server = form->server, .service = PG_SERVICE_POP3, .user = inner };
  if (form->half != PG_HALF_ADDRESS)
    return form->half;
  if (!parse_client (inner, &address))
    return PG_HALF_END;
  out->address = address;
  return PG_HALF_ADDRESS;
}

gboolean
pg_half_is_of (PgServer server)
{
  for (gsize i = 0; i < G_N_ELEMENTS (forms); i++)
    if (forms[i].server == server)
      return TRUE;
  return FALSE;
}

PgHalf
pg_half_parse (PgServer server, PgSpan message, PgLogin *out)
{
  for (gsize i = 0; i < G_N_ELEMENTS (forms); i++)
    {
      PgSpan inner = message;

      if (forms[i].server == server && pg_span_take (&inner, forms[i].before) && take_end (&inner, forms[i].behind))
        return fill (&forms[i], inner, out);
    }
  return PG_HALF_NONE;
}
