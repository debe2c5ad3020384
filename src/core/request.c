/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/request.h"

#include "core/error.h"

/* The attributes that are stored; all others are checked for form and skipped. */
typedef enum
{
  ATTR_REQUEST,
  ATTR_PROTOCOL_STATE,
  ATTR_CLIENT_ADDRESS,
  ATTR_SENDER,
  ATTR_RECIPIENT,
  ATTR_SASL_USERNAME,
  ATTR_POLICY_CONTEXT,
  ATTR_INSTANCE,
  N_ATTRS,
  ATTR_NONE = N_ATTRS,
} Attr;

/* From the request's first byte on, as that may move while the request grows. */
typedef struct
{
  guint32 at;
  guint32 len;
} Value;

/* Nearly all requests come in one piece; they are read where they are. */
struct _PgRequest
{
  const char *start;   /* first byte of the request: in the bytes that were fed last, or in @held */
  GString    *held;    /* a request that has begun with earlier bytes, as far as it has come; NULL: none has */
  gsize       line_at; /* where the line begins that is to be taken next */
  Value       values[N_ATTRS];
  PgAddress   address; /* of the client, if it has one */
  gboolean    has_address;
  gboolean    complete;

  PgRequestHeard heard; /* or NULL */
  gpointer       heard_data;
};

PgRequest *
pg_request_new (void)
{
  return g_new0 (PgRequest, 1);
}

static void
drop_held (PgRequest *self)
{
  if (self->held != NULL)
    g_string_free (g_steal_pointer (&self->held), TRUE);
}

void
pg_request_free (PgRequest *self)
{
  if (self == NULL)
    return;
  drop_held (self);
  g_free (self);
}

void
pg_request_reset (PgRequest *self)
{
  drop_held (self);
  memset (self->values, 0, sizeof self->values);
  self->has_address = FALSE;
  self->line_at = 0;
  self->complete = FALSE;
}

gboolean
pg_request_is_begun (const PgRequest *self)
{
  return self->held != NULL && !self->complete;
}

gsize
pg_request_n_held (const PgRequest *self)
{
  return pg_request_is_begun (self) ? self->held->len : 0;
}

void
pg_request_hear (PgRequest *self, PgRequestHeard heard, gpointer user_data)
{
  self->heard = heard;
  self->heard_data = user_data;
}

static PgSpan
value_of (const PgRequest *self, Attr attr)
{
  return pg_span (self->start + self->values[attr].at, self->values[attr].len);
}

/* Which of those that are stored @line is; then it is moved to the value. */
static Attr
take_name (PgSpan *line)
{
  switch (line->data[0])
    {
    case 'c':
      return pg_span_take (line, "client_address=") ? ATTR_CLIENT_ADDRESS : ATTR_NONE;
    case 'i':
      return pg_span_take (line, "instance=") ? ATTR_INSTANCE : ATTR_NONE;
    case 'p':
      if (pg_span_take (line, "protocol_state="))
        return ATTR_PROTOCOL_STATE;
      return pg_span_take (line, "policy_context=") ? ATTR_POLICY_CONTEXT : ATTR_NONE;
    case 'r':
      if (pg_span_take (line, "request="))
        return ATTR_REQUEST;
      return pg_span_take (line, "recipient=") ? ATTR_RECIPIENT : ATTR_NONE;
    case 's':
      if (pg_span_take (line, "sender="))
        return ATTR_SENDER;
      return pg_span_take (line, "sasl_username=") ? ATTR_SASL_USERNAME : ATTR_NONE;
    default:
      return ATTR_NONE;
    }
}

/* A name, "=", and anything. Half of all values are empty, so the last byte is looked at first. */
static gboolean
is_attribute (PgSpan line)
{
  return line.data[0] != '=' && (line.data[line.len - 1] == '=' || memchr (line.data, '=', line.len) != NULL);
}

static void
take_address (PgRequest *self)
{
  self->has_address = pg_address_parse (value_of (self, ATTR_CLIENT_ADDRESS), &self->address);
  if (self->has_address && self->heard != NULL)
    self->heard (&self->address, self->heard_data);
}

/* An empty value is as good as absent, and the first one wins. */
static void
take_value (PgRequest *self, Attr attr, PgSpan value)
{
  if (value.len == 0 || self->values[attr].len > 0)
    return;
  self->values[attr] = (Value){ (guint32) (value.data - self->start), (guint32) value.len };
  if (attr == ATTR_CLIENT_ADDRESS)
    take_address (self);
}

/* Takes a @line that is not empty. */
static gboolean
take_attribute (PgRequest *self, PgSpan line, GError **error)
{
  PgSpan value = line;
  Attr   attr = take_name (&value);

  if (attr == ATTR_NONE && !is_attribute (line))
    {
      g_set_error_literal (error, PG_ERROR, PG_ERROR_SYNTAX, "a policy request line that is not name=value");
      return FALSE;
    }
  if (attr != ATTR_NONE)
    take_value (self, attr, value);
  return TRUE;
}

static gboolean
finish_request (PgRequest *self, GError **error)
{
  self->complete = TRUE;
  if (pg_span_is (value_of (self, ATTR_REQUEST), "smtpd_access_policy"))
    return TRUE;
  g_set_error_literal (error, PG_ERROR, PG_ERROR_SYNTAX, "a policy request without request=smtpd_access_policy");
  return FALSE;
}

/* Takes the lines of the request's first @len bytes, up to its end; no LF is in its last line but behind the first @n_seen. */
static gboolean
take_lines (PgRequest *self, gsize len, gsize n_seen, GError **error)
{
  const char *const start = self->start;
  gsize             line_at = self->line_at;
  const char       *lf;

  while (len > n_seen && (lf = memchr (start + n_seen, '\n', len - n_seen)) != NULL)
    {
      PgSpan line = pg_span (start + line_at, (gsize) (lf - start) - line_at);

      n_seen = line_at += line.len + 1;
      if (line.len == 0)
        {
          self->line_at = line_at;
          return finish_request (self, error);
        }
      if (!take_attribute (self, line, error))
        return FALSE;
    }
  self->line_at = line_at;
  return TRUE;
}

gboolean
pg_request_feed (PgRequest *self, PgSpan *data, gboolean *out_complete, GError **error)
{
  gsize  n_before = self->held != NULL ? self->held->len : 0;
  PgSpan window = pg_span (data->data, MIN (data->len, PG_REQUEST_MAX - n_before));

  *out_complete = FALSE;
  if (self->held != NULL)
    g_string_append_len (self->held, window.data, (gssize) window.len);
  self->start = self->held != NULL ? self->held->str : window.data;
  if (!take_lines (self, n_before + window.len, n_before, error))
    return FALSE;
  if (self->complete)
    window.len = self->line_at - n_before;
  if (window.len > 0 && memchr (window.data, '\0', window.len) != NULL)
    {
      g_set_error_literal (error, PG_ERROR, PG_ERROR_SYNTAX, "a NUL byte in a policy request");
      return FALSE;
    }
  if (!self->complete && self->held == NULL && window.len > 0)
    self->held = g_string_new_len (window.data, (gssize) window.len);
  pg_span_skip (data, window.len);
  *out_complete = self->complete;
  if (self->complete || data->len == 0)
    return TRUE;
  g_set_error (error, PG_ERROR, PG_ERROR_LIMIT, "a policy request of more than %d bytes", PG_REQUEST_MAX);
  return FALSE;
}

void
pg_request_query (const PgRequest *self, PgQuery *out)
{
  *out = (PgQuery){
    .is_rcpt = pg_span_is (value_of (self, ATTR_PROTOCOL_STATE), "RCPT"),
    .has_address = self->has_address,
    .sender = value_of (self, ATTR_SENDER),
    .recipient = value_of (self, ATTR_RECIPIENT),
    .sasl_username = value_of (self, ATTR_SASL_USERNAME),
    .context = value_of (self, ATTR_POLICY_CONTEXT),
    .instance = value_of (self, ATTR_INSTANCE),
  };
  if (self->has_address)
    out->address = self->address;
}
