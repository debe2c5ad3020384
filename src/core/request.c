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

/* Most names are told apart by their length alone. */
#define NAME(text)                                                                                                               \
  {                                                                                                                              \
    text, sizeof text - 1                                                                                                        \
  }

static const PgSpan attr_names[N_ATTRS] = {
  [ATTR_REQUEST] = NAME ("request"),
  [ATTR_PROTOCOL_STATE] = NAME ("protocol_state"),
  [ATTR_CLIENT_ADDRESS] = NAME ("client_address"),
  [ATTR_SENDER] = NAME ("sender"),
  [ATTR_RECIPIENT] = NAME ("recipient"),
  [ATTR_SASL_USERNAME] = NAME ("sasl_username"),
  [ATTR_POLICY_CONTEXT] = NAME ("policy_context"),
  [ATTR_INSTANCE] = NAME ("instance"),
};

/* A value lies in @text, which may move while it grows: hence offsets. */
typedef struct
{
  guint32 at;
  guint32 len;
} Value;

struct _PgRequest
{
  GString *line; /* an attribute that has begun and not ended */
  GString *text; /* the values that are stored, one behind the other */
  Value    values[N_ATTRS];
  gsize    n_bytes;
  gboolean complete;
};

/* A buffer that one huge request has grown is not kept for the small ones that follow. */
#define BUFFER_KEPT_MAX 1024

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

gsize
pg_request_n_held (const PgRequest *self)
{
  return pg_request_is_begun (self) ? self->line->len + self->text->len : 0;
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
    if (name.len == attr_names[attr].len && memcmp (name.data, attr_names[attr].data, name.len) == 0)
      return attr;
  return ATTR_NONE;
}

static gboolean
take_attribute (PgRequest *self, PgSpan line, GError **error)
{
  const char *equals = memchr (line.data, '=', line.len);
  PgSpan      value;
  Attr        attr;

  if (equals == NULL || equals == line.data)
    {
      g_set_error_literal (error, PG_ERROR, PG_ERROR_SYNTAX, "a policy request line that is not name=value");
      return FALSE;
    }
  value = pg_span (equals + 1, line.len - (gsize) (equals + 1 - line.data));
  if (value.len == 0)
    return TRUE; /* as good as absent, and half of the attributes are */
  attr = find_attr (pg_span (line.data, (gsize) (equals - line.data)));
  if (attr != ATTR_NONE && self->values[attr].len == 0)
    {
      self->values[attr] = (Value){ (guint32) self->text->len, (guint32) value.len };
      g_string_append_len (self->text, value.data, (gssize) value.len);
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
take_whole_line (PgRequest *self, PgSpan line, GError **error)
{
  return line.len == 0 ? finish_request (self, error) : take_attribute (self, line, error);
}

/* Takes the end of a line, whose beginning may be here already. */
static gboolean
take_line (PgRequest *self, PgSpan line, GError **error)
{
  gboolean ok;

  if (self->line->len == 0)
    return take_whole_line (self, line, error);
  g_string_append_len (self->line, line.data, (gssize) line.len);
  ok = take_whole_line (self, pg_span (self->line->str, self->line->len), error);
  g_string_truncate (self->line, 0);
  return ok;
}

/* Takes lines until the request or @data is at its end; what is left of a line is kept. */
static gboolean
take_lines (PgRequest *self, PgSpan *data, GError **error)
{
  while (data->len > 0 && !self->complete)
    {
      const char *lf = memchr (data->data, '\n', data->len);
      PgSpan      line = pg_span (data->data, lf != NULL ? (gsize) (lf - data->data) : data->len);

      pg_span_skip (data, lf != NULL ? line.len + 1 : line.len);
      if (lf == NULL)
        g_string_append_len (self->line, line.data, (gssize) line.len);
      else if (!take_line (self, line, error))
        return FALSE;
    }
  return TRUE;
}

gboolean
pg_request_feed (PgRequest *self, PgSpan *data, gboolean *out_complete, GError **error)
{
  PgSpan window = pg_span (data->data, MIN (data->len, PG_REQUEST_MAX - self->n_bytes));
  PgSpan rest = window;
  gsize  n_taken;

  *out_complete = FALSE;
  if (!take_lines (self, &rest, error))
    return FALSE;
  n_taken = window.len - rest.len;
  if (n_taken > 0 && memchr (window.data, '\0', n_taken) != NULL)
    {
      g_set_error_literal (error, PG_ERROR, PG_ERROR_SYNTAX, "a NUL byte in a policy request");
      return FALSE;
    }
  self->n_bytes += n_taken;
  pg_span_skip (data, n_taken);
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
    .sender = value_of (self, ATTR_SENDER),
    .recipient = value_of (self, ATTR_RECIPIENT),
    .sasl_username = value_of (self, ATTR_SASL_USERNAME),
    .context = value_of (self, ATTR_POLICY_CONTEXT),
    .instance = value_of (self, ATTR_INSTANCE),
  };
  out->has_address = pg_address_parse (value_of (self, ATTR_CLIENT_ADDRESS), &out->address);
}
