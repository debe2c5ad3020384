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

static const char *const attr_names[N_ATTRS] = {
  [ATTR_REQUEST] = "request",
  [ATTR_PROTOCOL_STATE] = "protocol_state",
  [ATTR_CLIENT_ADDRESS] = "client_address",
  [ATTR_SENDER] = "sender",
  [ATTR_RECIPIENT] = "recipient",
  [ATTR_SASL_USERNAME] = "sasl_username",
  [ATTR_POLICY_CONTEXT] = "policy_context",
  [ATTR_INSTANCE] = "instance",
};

/* A value lies in @text, which may move while it grows: hence offsets. */
typedef struct
{
  guint32 at;
  guint32 len;
} Value;

struct _PgRequest
{
  GString *line;  /* an attribute that has begun and not ended */
  GString *text;  /* the values that are stored, one behind the other */
  Value    values[N_ATTRS];
  gsize    n_bytes;
  gboolean complete;
};

/* A buffer that one huge request has grown is not kept for the small ones that follow. */
#define BUFFER_KEPT_MAX 4096

PgRequest *
pg_request_new (void)
{
  PgRequest *self = g_new0 (PgRequest, 1);

  self->line = g_string_new (NULL);
  self->text = g_string_sized_new (256);
  return self;
}

void
pg_request_free (PgRequest *self)
{
  if (self == NULL)
    return;
  g_string_free (self->line, TRUE);
  g_string_free (self->text, TRUE);
  g_free (self);
}

static void
empty_buffer (GString **buffer)
{
  if ((*buffer)->allocated_len > BUFFER_KEPT_MAX)
    {
      g_string_free (*buffer, TRUE);
      *buffer = g_string_new (NULL);
    }
  g_string_truncate (*buffer, 0);
}

void
pg_request_reset (PgRequest *self)
{
  empty_buffer (&self->line);
  empty_buffer (&self->text);
  memset (self->values, 0, sizeof self->values);
  self->n_bytes = 0;
  self->complete = FALSE;
}

gboolean
pg_request_is_begun (const PgRequest *self)
{
  return self->n_bytes > 0 && !self->complete;
}

static PgSpan
value_of (const PgRequest *self, Attr attr)
{
  return pg_span (self->text->str + self->values[attr].at, self->values[attr].len);
}

static Attr
find_attr (PgSpan name)
{
  for (Attr attr = 0; attr < N_ATTRS; attr++)
    if (pg_span_is (name, attr_names[attr]))
      return attr;
  return ATTR_NONE;
}

static gboolean
take_attribute (PgRequest *self, PgSpan line, GError **error)
{
  PgSpan name;
  Attr   attr;

  if (memchr (line.data, '\0', line.len) != NULL)
    {
      g_set_error_literal (error, PG_ERROR, PG_ERROR_SYNTAX, "a NUL byte in a policy request");
      return FALSE;
    }
  if (!pg_span_take_until (&line, '=', &name) || name.len == 0)
    {
      g_set_error_literal (error, PG_ERROR, PG_ERROR_SYNTAX, "a policy request line that is not name=value");
      return FALSE;
    }
  attr = find_attr (name);
  if (attr != ATTR_NONE && self->values[attr].len == 0)
    {
      self->values[attr] = (Value){ (guint32) self->text->len, (guint32) line.len };
      g_string_append_len (self->text, line.data, (gssize) line.len);
    }
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

static gboolean
take_line (PgRequest *self, PgSpan line, GError **error)
{
  gboolean ok;

  if (self->line->len > 0)
    {
      g_string_append_len (self->line, line.data, (gssize) line.len);
      line = pg_span (self->line->str, self->line->len);
    }
  ok = line.len == 0 ? finish_request (self, error) : take_attribute (self, line, error);
  g_string_truncate (self->line, 0);
  return ok;
}

gboolean
pg_request_feed (PgRequest *self, PgSpan *data, gboolean *out_complete, GError **error)
{
  *out_complete = FALSE;
  while (data->len > 0)
    {
      PgSpan window = pg_span (data->data, MIN (data->len, PG_REQUEST_MAX - self->n_bytes));
      PgSpan rest = window;
      PgSpan line;

      if (!pg_span_take_until (&rest, '\n', &line))
        {
          g_string_append_len (self->line, window.data, (gssize) window.len);
          self->n_bytes += window.len;
          pg_span_skip (data, window.len);
          if (data->len == 0)
            return TRUE;
          g_set_error (error, PG_ERROR, PG_ERROR_LIMIT, "a policy request of more than %d bytes", PG_REQUEST_MAX);
          return FALSE;
        }
      self->n_bytes += line.len + 1;
      pg_span_skip (data, line.len + 1);
      if (!take_line (self, line, error))
        return FALSE;
      if (self->complete)
        {
          *out_complete = TRUE;
          return TRUE;
        }
    }
  return TRUE;
}

void
pg_request_query (const PgRequest *self, PgQuery *out)
{
  *out = (PgQuery){
    .is_rcpt = pg_span_is (value_of (self, ATTR_PROTOCOL_STATE), "RCPT"),
    .sender = value_of (self, ATTR_SENDER),
    .recipient = value_of (self, ATTR_RECIPIENT),
    .sasl_username = value_of (self, ATTR_SASL_USERNAME),
    .context = value_of (self, ATTR_POLICY_CONTEXT),
    .instance = value_of (self, ATTR_INSTANCE),
  };
  out->has_address = pg_address_parse (value_of (self, ATTR_CLIENT_ADDRESS), &out->address);
}
