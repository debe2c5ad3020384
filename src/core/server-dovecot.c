/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/server-dovecot.h"

#define NAME_BYTES "_-"
#define SESSION_BYTES "+/=_.:-"
#define EARLY_USER_BYTES "-_.@"

/* Places where a name could end, beyond which a line is not worth the time to look at them all. */
#define ENDS_MAX 16

/* What the elements beside the user said; each may come once. */
typedef struct
{
  PgSpan rip;
  PgSpan lip;
  PgSpan method;
  PgSpan session;
} Elements;

static gboolean
is_login_process (PgSpan name, PgService *out)
{
  static const struct
  {
    const char *name;
    PgService   service;
  } processes[] = {
    { "pop3-login", PG_SERVICE_POP3 },
    { "imap-login", PG_SERVICE_IMAP },
    { "submission-login", PG_SERVICE_SUBMISSION },
    { "managesieve-login", PG_SERVICE_SIEVE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (processes); i++)
    if (pg_span_is (name, processes[i].name))
      {
        *out = processes[i].service;
        return TRUE;
      }
  return FALSE;
}

static gboolean
take_service (PgSpan *span, PgService *out)
{
  PgSpan name;

  return pg_span_take_until (span, ':', &name) && pg_span_take (span, " ") && is_login_process (name, out);
}

static gboolean
is_early (const PgHead *head, PgHeadFormat format)
{
  return format == PG_HEAD_DOVECOT && head->program.len > 0;
}

/* Up to 1.x the level stood before the service: "dovecot: STAMP Info: pop3-login: ", "pop3-login: STAMP Info: ". */
static gboolean
take_early_process (const PgHead *head, PgSpan *span, PgService *out)
{
  if (!pg_span_take (span, "Info: "))
    return FALSE;
  return pg_span_is (head->program, "dovecot") ? take_service (span, out) : is_login_process (head->program, out);
}

static gboolean
take_process (const PgHead *head, PgHeadFormat format, PgSpan *span, PgService *out)
{
  if (is_early (head, format))
    return take_early_process (head, span, out);
  return take_service (span, out) && (pg_span_take (span, "Info: ") || format != PG_HEAD_DOVECOT);
}

/* How often @literal stands in @text where a name could begin: "real_rip=" holds no "rip=". */
static guint
count_names (PgSpan text, const char *literal, gsize *out_last)
{
  guint count = 0;
  gsize at;

  for (gsize from = 0; pg_span_find (pg_span (text.data + from, text.len - from), literal, &at); from += at + 1)
    {
      gsize found = from + at;

      if (found > 0 && pg_span_only_has (pg_span (text.data + found - 1, 1), NAME_BYTES))
        continue;
      *out_last = found;
      count++;
    }
  return count;
}

static gboolean
set_once (PgSpan *field, PgSpan value)
{
  if (field->data != NULL)
    return FALSE;
  *field = value;
  return TRUE;
}

static gboolean
is_session (PgSpan value)
{
  if (value.len >= 2 && value.data[0] == '<' && value.data[value.len - 1] == '>')
    value = pg_span (value.data + 1, value.len - 2);
  return pg_span_only_has (value, SESSION_BYTES);
}

/* An element of the site's own: no angle brackets, or NAME=<VALUE> with none within. */
static gboolean
is_custom (PgSpan element)
{
  PgSpan rest = element;
  PgSpan name;
  gsize  at;

  if (pg_span_take_until (&rest, '=', &name) && pg_span_only_has (name, NAME_BYTES) && pg_span_take (&rest, "<"))
    {
      if (rest.len == 0 || rest.data[rest.len - 1] != '>')
        return FALSE;
      element = pg_span (rest.data, rest.len - 1);
    }
  return !pg_span_find (element, "<", &at) && !pg_span_find (element, ">", &at);
}

static gboolean
take_element (Elements *elements, PgSpan element)
{
  if (pg_span_take (&element, "rip="))
    return set_once (&elements->rip, element);
  if (pg_span_take (&element, "lip="))
    return set_once (&elements->lip, element);
  if (pg_span_take (&element, "method="))
    return pg_span_only_has (element, NAME_BYTES) && set_once (&elements->method, element);
  if (pg_span_take (&element, "session="))
    return is_session (element) && set_once (&elements->session, element);
  return element.len > 0 && is_custom (element);
}

static gboolean
take_elements (Elements *elements, PgSpan list)
{
  gsize at;

  while (pg_span_find (list, ", ", &at))
    {
      if (!take_element (elements, pg_span (list.data, at)))
        return FALSE;
      pg_span_skip (&list, at + 2);
    }
  return take_element (elements, list);
}

/* Reads @message as if the user's name were @name: are the elements before and behind it elements then? */
static gboolean
read_with_name (PgSpan message, PgSpan name, Elements *out)
{
  Elements elements = { 0 };
  gsize    start = (gsize) (name.data - message.data) - strlen ("user=<");
  gsize    end = (gsize) (name.data - message.data) + name.len + 1;
  gsize    at;

  if (pg_span_find (name, ", session=<", &at))
    return FALSE; /* it has swallowed a default element */
  if (start > 0 && !take_elements (&elements, pg_span (message.data, start - 2)))
    return FALSE;
  if (end < message.len && !take_elements (&elements, pg_span (message.data + end + 2, message.len - end - 2)))
    return FALSE;
  if (elements.rip.data == NULL)
    return FALSE;
  *out = elements;
  return TRUE;
}

/* In how many ways can the line be read? The name may end at each ">" that has ", " or nothing behind it, however long it
 * then is: a name that is refused for its length must not be read as a shorter one. Many ends are as good as two. */
static guint
count_readings (PgSpan message, gsize name_at, PgSpan *out_name, Elements *out)
{
  PgSpan rest = pg_span (message.data + name_at, message.len - name_at);
  guint  readings = 0;
  guint  ends = 0;
  PgSpan piece;

  while (pg_span_take_until (&rest, '>', &piece))
    {
      PgSpan behind = rest;
      PgSpan name = pg_span (message.data + name_at, (gsize) (piece.data + piece.len - message.data) - name_at);

      if (behind.len > 0 && !pg_span_take (&behind, ", "))
        continue;
      if (++ends > ENDS_MAX)
        return 2;
      if (!read_with_name (message, name, out))
        continue;
      *out_name = name;
      readings++;
    }
  return readings;
}

static gboolean
has_control_byte (PgSpan span)
{
  for (gsize i = 0; i < span.len; i++)
    if ((guchar) span.data[i] < 0x20)
      return TRUE;
  return FALSE;
}

static const char *
check_name (PgSpan name)
{
  if (name.len == 0)
    return "the user name is empty";
  if (name.len > PG_USER_MAX)
    return "the user name is too long";
  if (name.len >= 3 && memcmp (name.data + name.len - 3, "...", 3) == 0)
    return "the user name was cut by the server";
  return NULL;
}

/* A line that ends behind rip may have been cut within it: 203.0.113.1 out of 203.0.113.17. So something must follow. */
static gboolean
may_be_cut (PgSpan message, const Elements *elements)
{
  return elements->rip.data + elements->rip.len == message.data + message.len;
}

/* The last element is the stump of one ("li", "mpid=") if the line was cut: whole is a NAME=VALUE, and Dovecot's own words. */
static gboolean
ends_in_stump (PgSpan message)
{
  PgSpan last = message;
  PgSpan name;
  gsize  at;

  while (pg_span_find (last, ", ", &at))
    pg_span_skip (&last, at + 2);
  if (last.len == 0 || last.data[last.len - 1] == ',')
    return TRUE;
  if (pg_span_is (last, "secured") || pg_span_take (&last, "TLS"))
    return FALSE;
  return !pg_span_take_until (&last, '=', &name) || last.len == 0;
}

static const char *
check_elements (PgSpan message, const Elements *elements, PgLogin *out)
{
  if (elements->method.len == strlen ("ANONYMOUS")
      && g_ascii_strncasecmp (elements->method.data, "ANONYMOUS", elements->method.len) == 0)
    return "an anonymous login";
  if (!pg_address_parse (elements->rip, &out->address))
    return "rip is no IP address";
  if (pg_address_is_unspecified (&out->address))
    return "rip is no address of a client";
  if (may_be_cut (message, elements))
    return "the line ends behind rip and may be cut";
  if (ends_in_stump (message))
    return "the line ends within an element";
  out->has_server_address = elements->lip.data != NULL;
  if (out->has_server_address && !pg_address_parse (elements->lip, &out->server_address))
    return "lip is no IP address";
  return NULL;
}

/* Fills @out from the elements. Returns NULL, or why the line is refused. */
static const char *
parse_elements (PgSpan message, PgLogin *out)
{
  Elements    elements = { 0 };
  const char *why;
  gsize       user_at;
  gsize       rip_at;
  guint       readings;

  if (count_names (message, "user=<", &user_at) != 1 || count_names (message, "rip=", &rip_at) != 1)
    return "user and rip must each stand there once";
  if (has_control_byte (message))
    return "a control byte";
  if (user_at != 0 && (user_at < 2 || memcmp (message.data + user_at - 2, ", ", 2) != 0))
    return "user is no element of its own";
  readings = count_readings (message, user_at + strlen ("user=<"), &out->user, &elements);
  if (readings != 1)
    return readings == 0 ? "the elements are malformed" : "the user name can end in two places";
  why = check_name (out->user);
  return why != NULL ? why : check_elements (message, &elements, out);
}

/* "bob [203.0.113.17]", before there were elements. The name stands before the address: so it may have nothing odd in it. */
static const char *
parse_early (PgSpan message, PgLogin *out)
{
  PgSpan rest = message;
  PgSpan address;
  gsize  at;

  if (!pg_span_find (message, " [", &at))
    return "no address stands where one should";
  out->user = pg_span (message.data, at);
  pg_span_skip (&rest, at + strlen (" ["));
  if (!pg_span_only_has (out->user, EARLY_USER_BYTES) || out->user.len > PG_USER_MAX)
    return "the user name is malformed";
  if (!pg_span_take_until (&rest, ']', &address) || rest.len > 0 || !pg_address_parse (address, &out->address)
      || pg_address_is_unspecified (&out->address))
    return "no address stands where one should";
  return NULL;
}

static gboolean
has_elements (PgSpan message)
{
  gsize at;

  return pg_span_find (message, "=", &at);
}

static gboolean
take_word_of_login (PgSpan *span)
{
  return pg_span_take (span, "Login: ") || pg_span_take (span, "Logged in: ");
}

gboolean
pg_server_dovecot_is_login (PgSpan message)
{
  PgService service;

  if (!take_service (&message, &service))
    return FALSE;
  (void) pg_span_take (&message, "Info: ");
  return take_word_of_login (&message);
}

PgLineKind
pg_server_dovecot_parse (const PgHead *head, PgHeadFormat format, PgLogin *out, const char **out_why)
{
  PgSpan   rest = head->message;
  PgLogin  login = { .server = PG_SERVER_DOVECOT };
  gboolean early = is_early (head, format);

  if (!take_process (head, format, &rest, &login.service)
      || !(early ? pg_span_take (&rest, "Login: ") : take_word_of_login (&rest)))
    return PG_LINE_OTHER;
  *out_why = early && !has_elements (rest) ? parse_early (rest, &login) : parse_elements (rest, &login);
  if (*out_why != NULL)
    return PG_LINE_REFUSED;
  *out = login;
  return PG_LINE_LOGIN;
}
