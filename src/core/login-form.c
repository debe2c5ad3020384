/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/login-form.h"

#define HOST_BYTES "-_.:"
#define WORD_BYTES "-_.+/"
#define ADDRESS_BYTES ".:" /* and more letters than an address has: what is none must not be one with a tail */

/* Places where a name could end, beyond which a line is not worth the time to look at them all. */
#define ENDS_MAX 16

/* What a reading of a message found. */
typedef struct
{
  PgSpan    user;
  PgAddress address;
  PgAddress server_address;
  gboolean  has_server_address;
  gboolean  is_late_end; /* a name or text holds what should follow it */
  PgService service;
} Fields;

/* All readings of one message by one family's sentences. */
typedef struct
{
  Fields   found; /* by the last reading */
  guint    readings;
  gboolean looks_like_one;
} Search;

const PgProgram *
pg_form_family_find (const PgFormFamily *family, PgSpan program)
{
  for (const PgProgram *row = family->programs; row->name != NULL; row++)
    if (row->name_len == program.len && memcmp (row->name, program.data, program.len) == 0)
      return row;
  return NULL;
}

/* The longest run of letters, digits and @extra. */
static gboolean
take_run (PgSpan *text, const char *extra, PgSpan *out)
{
  gsize len = 0;

  while (len < text->len && pg_span_only_has (pg_span (text->data + len, 1), extra))
    len++;
  *out = pg_span (text->data, len);
  pg_span_skip (text, len);
  return len > 0;
}

static gboolean
take_digits (PgSpan *text)
{
  gsize len = 0;

  pg_span_take (text, "-");
  while (len < text->len && g_ascii_isdigit (text->data[len]))
    len++;
  pg_span_skip (text, len);
  return len > 0;
}

static gboolean
take_address (PgSpan *text, PgAddress *out)
{
  PgSpan run;

  return take_run (text, ADDRESS_BYTES, &run) && pg_address_parse (run, out);
}

/* "192.0.2.1:4711", "2001:db8::1:4711": the port is there always, so it is what follows the last colon. */
static gboolean
take_address_and_port (PgSpan *text, PgAddress *out)
{
  PgSpan run;
  PgSpan port;
  gsize  colon;

  if (!take_run (text, ADDRESS_BYTES, &run))
    return FALSE;
  for (colon = run.len; colon > 0 && run.data[colon - 1] != ':';)
    colon--;
  if (colon == 0)
    return FALSE;
  port = pg_span (run.data + colon, run.len - colon);
  return port.len <= 5 && take_digits (&port) && port.len == 0 && pg_address_parse (pg_span (run.data, colon - 1), out);
}

static gboolean
take_unquoted (PgSpan *text)
{
  gsize at;

  if (!pg_span_find (*text, "\"", &at))
    return FALSE;
  pg_span_skip (text, at);
  return TRUE;
}

/* A login that needed no password proves nothing. */
static gboolean
take_mechanism (PgSpan *text)
{
  PgSpan run;

  return take_run (text, WORD_BYTES, &run) && !pg_span_take (&run, "nopassword");
}

/* A word that tells the service; it must not differ from what the program told. A proxy's port behind it may. */
static gboolean
take_service (PgSpan *text, gboolean is_port, PgService *service)
{
  static const struct
  {
    const char *word;
    gboolean    is_port;
    PgService   service;
  } words[] = {
    { "POP3", FALSE, PG_SERVICE_POP3 },  { "POP3S", FALSE, PG_SERVICE_POP3 },  { "IMAP", FALSE, PG_SERVICE_IMAP },
    { "IMAP4", FALSE, PG_SERVICE_IMAP }, { "IMAP4S", FALSE, PG_SERVICE_IMAP }, { "110", TRUE, PG_SERVICE_POP3 },
    { "995", TRUE, PG_SERVICE_POP3 },    { "pop3", TRUE, PG_SERVICE_POP3 },    { "pop3s", TRUE, PG_SERVICE_POP3 },
    { "143", TRUE, PG_SERVICE_IMAP },    { "993", TRUE, PG_SERVICE_IMAP },     { "imap2", TRUE, PG_SERVICE_IMAP },
    { "imap", TRUE, PG_SERVICE_IMAP },   { "imap4", TRUE, PG_SERVICE_IMAP },   { "imaps", TRUE, PG_SERVICE_IMAP },
  };
  PgSpan run;

  if (!take_run (text, "", &run))
    return FALSE;
  if (is_port && *service != 0)
    return TRUE;
  for (gsize i = 0; i < G_N_ELEMENTS (words); i++)
    if (words[i].is_port == is_port && pg_span_is (run, words[i].word))
      {
        if (*service != 0 && *service != words[i].service)
          return FALSE;
        *service = words[i].service;
        return TRUE;
      }
  return FALSE;
}

/* Takes a field whose bytes tell where it ends. */
static gboolean
take_field (char kind, PgSpan *text, Fields *fields)
{
  PgSpan run;

  switch (kind)
    {
    case 'a':
      return take_address (text, &fields->address);
    case 'c':
      return take_address_and_port (text, &fields->address);
    case 's':
      fields->has_server_address = TRUE;
      return take_address (text, &fields->server_address);
    case 'S':
      fields->has_server_address = TRUE;
      return take_address_and_port (text, &fields->server_address);
    case 'h':
      return take_run (text, HOST_BYTES, &run);
    case 'w':
      return take_run (text, WORD_BYTES, &run);
    case 'm':
      return take_mechanism (text);
    case 'd':
      return take_digits (text);
    case 'q':
      return take_unquoted (text);
    default:
      return take_service (text, kind == 'o', &fields->service);
    }
}

/* The bytes that stand for themselves at the start of @form. */
static gsize
literal_length (const char *form)
{
  return strcspn (form, "%{}!");
}

static gboolean
starts_with (PgSpan text, const char *literal, gsize len)
{
  return text.len >= len && memcmp (text.data, literal, len) == 0;
}

static void read_on (Search *search, const char *form, PgSpan text, Fields fields);

/* A name or a text ends where what follows it first occurs; that a later end would do as well, or only that, spoils the line. */
static void
read_free_text (Search *search, const char *form, PgSpan text, Fields fields)
{
  char  kind = form[1];
  gsize stop_len = literal_length (form + 2);
  guint ends = 0;

  g_assert (stop_len > 0);
  for (gsize len = 0; len < text.len; len++)
    {
      PgSpan rest = pg_span (text.data + len, text.len - len);

      if (!starts_with (rest, form + 2, stop_len))
        continue;
      if (kind == 'U' && memchr (text.data, ' ', len) != NULL)
        return;
      if (kind != 't')
        fields.user = pg_span (text.data, len);
      fields.is_late_end |= ends > 0;
      if (ends++ == ENDS_MAX)
        return;
      read_on (search, form + 2, rest, fields);
    }
}

/* Reads @text by what is left of the sentence, in every way there is. */
static void
read_on (Search *search, const char *form, PgSpan text, Fields fields)
{
  for (;;)
    {
      gsize len = literal_length (form);

      if (!starts_with (text, form, len))
        return;
      form += len;
      pg_span_skip (&text, len);
      if (*form == '\0')
        break;
      if (*form == '!')
        search->looks_like_one = TRUE;
      else if (*form == '{')
        read_on (search, strchr (form, '}') + 1, text, fields);
      else if (*form == '%' && (form[1] == 'u' || form[1] == 'U' || form[1] == 't'))
        {
          read_free_text (search, form, text, fields);
          return;
        }
      else if (*form == '%' && !take_field (*++form, &text, &fields))
        return;
      form++;
    }
  if (text.len > 0)
    return;
  search->found = fields;
  search->readings += fields.is_late_end ? 2 : 1;
}

static gboolean
has_control_byte (PgSpan span)
{
  for (gsize i = 0; i < span.len; i++)
    if (g_ascii_iscntrl (span.data[i]))
      return TRUE;
  return FALSE;
}

static gboolean
is_anonymous (PgSpan user)
{
  return user.len == strlen ("anonymous") && g_ascii_strncasecmp (user.data, "anonymous", user.len) == 0;
}

static const char *
check_fields (const Fields *fields)
{
  if (fields->user.len == 0)
    return "the user name is empty";
  if (fields->user.len > PG_USER_MAX)
    return "the user name is too long";
  if (is_anonymous (fields->user))
    return "an anonymous login";
  if (pg_address_is_unspecified (&fields->address))
    return "that is no address of a client";
  if (fields->service == 0)
    return "the line does not tell which service it is of";
  return NULL;
}

static const char *
check_message (PgSpan message, const Search *search)
{
  if (message.len > PG_LOGIN_FORM_MAX)
    return "the line is so long that it may be cut";
  if (has_control_byte (message))
    return "a control byte";
  if (search->readings == 0)
    return "not the server's form of a login, or no IP address";
  if (search->readings > 1)
    return "the user name holds a piece of a login line";
  return check_fields (&search->found);
}

PgLineKind
pg_form_family_parse (const PgFormFamily *family, const PgProgram *program, PgSpan message, PgLogin *out, const char **out_why)
{
  Search search = { 0 };

  for (const PgLoginForm *form = family->forms; form->text != NULL; form++)
    {
      Fields fields = { .service = form->service != 0 ? form->service : program->service };

      read_on (&search, form->text, message, fields);
    }
  if (!search.looks_like_one)
    return PG_LINE_OTHER;
  *out_why = check_message (message, &search);
  if (*out_why != NULL)
    return PG_LINE_REFUSED;
  *out = (PgLogin){
    .address = search.found.address,
    .server_address = search.found.server_address,
    .has_server_address = search.found.has_server_address,
    .user = search.found.user,
    .service = search.found.service,
    .server = family->server,
  };
  return PG_LINE_LOGIN;
}
