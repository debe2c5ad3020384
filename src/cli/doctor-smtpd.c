/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/doctor-smtpd.h"

/* Classes in classes; Postfix itself has no bound. */
#define CLASS_DEPTH_MAX 10

#define MIN_ACTION "DEFER_IF_REJECT 4.7.1 try again"

static const char *const list_names[] = {
  [PG_DOCTOR_CLIENT] = "smtpd_client_restrictions",           [PG_DOCTOR_HELO] = "smtpd_helo_restrictions",
  [PG_DOCTOR_SENDER] = "smtpd_sender_restrictions",           [PG_DOCTOR_RELAY] = "smtpd_relay_restrictions",
  [PG_DOCTOR_RECIPIENT] = "smtpd_recipient_restrictions",     [PG_DOCTOR_DATA] = "smtpd_data_restrictions",
  [PG_DOCTOR_END_OF_DATA] = "smtpd_end_of_data_restrictions", [PG_DOCTOR_ETRN] = "smtpd_etrn_restrictions",
};

const char *
pg_doctor_list_name (PgDoctorListKind kind)
{
  return list_names[kind];
}

/* --- endpoints ------------------------------------------------------------------------------------------------------- */

static char *
copy (PgSpan span)
{
  return g_strndup (span.len > 0 ? span.data : "", span.len);
}

char *
pg_doctor_endpoint_path (const PgDoctorFacts *facts, PgSpan endpoint)
{
  g_autofree char *path = NULL;

  if (!pg_span_take (&endpoint, "unix:") && !pg_span_take (&endpoint, "local:"))
    return NULL;
  path = copy (endpoint);
  if (path[0] != '/' && facts->queue == NULL)
    return NULL;
  return g_canonicalize_filename (path, facts->queue != NULL ? facts->queue : "/");
}

/* "127.0.0.1:10040" in its parts, brackets taken off; a bare port is of this host. */
static void
split_inet (const char *text, char **out_host, char **out_port)
{
  const char *colon = strrchr (text, ':');
  gsize       len = colon != NULL ? (gsize) (colon - text) : 0;

  *out_port = g_strdup (colon != NULL ? colon + 1 : text);
  if (len >= 2 && text[0] == '[' && text[len - 1] == ']')
    *out_host = g_strndup (text + 1, len - 2);
  else
    *out_host = g_strndup (text, len);
}

static gboolean
is_this_host (const char *host)
{
  return host[0] == '\0' || g_str_equal (host, "localhost") || g_str_has_prefix (host, "127.") || g_str_equal (host, "::1");
}

static gboolean
is_same_host (const char *asked, const char *listened)
{
  return g_str_equal (asked, listened) || g_str_equal (listened, "0.0.0.0") || g_str_equal (listened, "::")
         || (g_str_equal (asked, "localhost") && is_this_host (listened)) || (asked[0] == '\0' && is_this_host (listened));
}

static gboolean
is_same_inet (const char *asked, const char *listened)
{
  g_autofree char *asked_host = NULL;
  g_autofree char *asked_port = NULL;
  g_autofree char *host = NULL;
  g_autofree char *port = NULL;

  split_inet (asked, &asked_host, &asked_port);
  split_inet (listened, &host, &port);
  return g_str_equal (asked_port, port) && is_same_host (asked_host, host);
}

gboolean
pg_doctor_listens (const PgDoctorFacts *facts, PgSpan endpoint)
{
  g_autofree char *path = pg_doctor_endpoint_path (facts, endpoint);
  g_autofree char *inet = NULL;

  (void) pg_span_take (&endpoint, "inet:");
  inet = copy (endpoint);
  for (guint i = 0; i < facts->sockets->len; i++)
    {
      const PgDoctorSocket *socket = g_ptr_array_index (facts->sockets, i);

      if (g_str_equal (inet, socket->name) || (path != NULL && g_strcmp0 (path, socket->path) == 0)
          || (path == NULL && socket->path == NULL && is_same_inet (inet, socket->name + strlen ("inet:"))))
        return TRUE;
    }
  return FALSE;
}

char *
pg_doctor_best_endpoint (const PgDoctorFacts *facts)
{
  g_autofree char *below = g_strconcat (facts->queue != NULL ? facts->queue : "/var/spool/postfix", "/", NULL);

  for (guint i = 0; i < facts->sockets->len; i++)
    {
      const PgDoctorSocket *socket = g_ptr_array_index (facts->sockets, i);

      if (socket->path == NULL)
        return g_strdup (socket->name);
      if (g_str_has_prefix (socket->path, below))
        return g_strconcat ("unix:", socket->path + strlen (below), NULL);
    }
  return g_strdup ("unix:private/popgate");
}

/* Another policy server's socket is none of our matters; one that is called popgate is meant to be ours. */
static gboolean
asks_us (const PgDoctorFacts *facts, const PgPostconfRestriction *item)
{
  PgPostconfAsk ask;
  gsize         at;

  if (!pg_postconf_is (item, "check_policy_service"))
    return FALSE;
  if (!pg_postconf_ask_parse (item->argument, &ask, NULL))
    return pg_span_find (item->argument, "popgate", &at);
  return pg_doctor_listens (facts, ask.endpoint) || pg_span_find (ask.endpoint, "popgate", &at);
}

/* --- lists ----------------------------------------------------------------------------------------------------------- */

const PgPostconfRestriction *
pg_doctor_list_item (const PgDoctorList *self, guint index)
{
  return &g_array_index (self->items, PgPostconfRestriction, index);
}

int
pg_doctor_list_find (const PgDoctorList *self, const char *name)
{
  for (guint i = 0; i < self->items->len; i++)
    if (pg_postconf_is (pg_doctor_list_item (self, i), name) && !pg_doctor_list_item (self, i)->warns_only)
      return (int) i;
  return -1;
}

gboolean
pg_doctor_refuses (const PgPostconfRestriction *item)
{
  static const char *const names[] = { "reject_unauth_destination", "defer_unauth_destination", "reject", "defer",
                                       "defer_if_permit",           "check_relay_domains" };

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    if (pg_postconf_is (item, names[i]))
      return !item->warns_only;
  return FALSE;
}

static gboolean
permits_all (const PgPostconfRestriction *item)
{
  return pg_postconf_is (item, "permit")
         || (item->argument.len > 0 && g_ascii_strncasecmp (item->argument.data, "static:ok", item->argument.len) == 0
             && item->argument.len == strlen ("static:ok"));
}

gboolean
pg_doctor_list_refuses (const PgDoctorList *self)
{
  for (guint i = 0; i < self->items->len; i++)
    {
      if (pg_doctor_refuses (pg_doctor_list_item (self, i)))
        return TRUE;
      if (permits_all (pg_doctor_list_item (self, i)))
        return FALSE;
    }
  return FALSE;
}

static gboolean
is_class (const PgPostconf *postfix, PgSpan name)
{
  const char *classes = pg_postconf_get (postfix, "smtpd_restriction_classes");
  PgSpan      list = pg_span_from_string (classes != NULL ? classes : "");
  PgSpan      word;

  while (pg_postconf_take_word (&list, &word))
    if (pg_span_equal (word, name))
      return TRUE;
  return FALSE;
}

static void
add_items (const PgPostconf *postfix, const char *text, guint depth, GArray *out)
{
  g_autoptr (GArray) items = pg_postconf_list_parse (pg_span_from_string (text), NULL);

  for (guint i = 0; items != NULL && i < items->len && out->len < PG_POSTCONF_WORDS_MAX; i++)
    {
      const PgPostconfRestriction *item = &g_array_index (items, PgPostconfRestriction, i);
      g_autofree char             *name = copy (item->name);

      if (depth < CLASS_DEPTH_MAX && is_class (postfix, item->name) && pg_postconf_get (postfix, name) != NULL)
        add_items (postfix, pg_postconf_get (postfix, name), depth + 1, out);
      else
        g_array_append_val (out, *item);
    }
}

static void
read_list (const PgDoctorFacts *facts, const PgPostconfService *service, PgDoctorListKind kind, PgDoctorList *out)
{
  const char *text = pg_postconf_get_for (facts->postfix, service, list_names[kind], &out->is_own);

  out->text = text != NULL ? text : "";
  out->ask = -1;
  out->items = g_array_new (FALSE, FALSE, sizeof (PgPostconfRestriction));
  add_items (facts->postfix, out->text, 0, out->items);
  for (guint i = 0; i < out->items->len && out->ask < 0; i++)
    if (asks_us (facts, pg_doctor_list_item (out, i)))
      out->ask = (int) i;
}

/* --- services -------------------------------------------------------------------------------------------------------- */

static void
free_smtpd (gpointer data)
{
  PgDoctorSmtpd *self = data;

  for (guint i = 0; i < PG_DOCTOR_N_LISTS; i++)
    g_array_unref (self->lists[i].items);
  g_free (self->names);
  g_free (self->chrooted);
  g_free (self);
}

/* Where nothing is said, chroot is off since compatibility_level 1. */
static gboolean
is_chrooted (const PgPostconf *postfix, const PgPostconfService *service)
{
  const char *level = pg_postconf_get (postfix, "compatibility_level");

  if (service->chroot == '-')
    return level == NULL || level[0] == '0';
  return service->chroot == 'y';
}

static PgDoctorSmtpd *
read_smtpd (const PgDoctorFacts *facts, const PgPostconfService *service)
{
  PgDoctorSmtpd *self = g_new0 (PgDoctorSmtpd, 1);

  self->service = service;
  self->names = g_strconcat (service->name, " ", service->type, NULL);
  if (is_chrooted (facts->postfix, service))
    self->chrooted = g_strdup (self->names);
  for (guint i = 0; i < PG_DOCTOR_N_LISTS; i++)
    read_list (facts, service, (PgDoctorListKind) i, &self->lists[i]);
  return self;
}

static gboolean
is_same (const PgPostconf *postfix, const PgDoctorSmtpd *a, const PgDoctorSmtpd *b, guint by)
{
  if ((by & PG_DOCTOR_BY_NETWORKS) != 0
      && g_strcmp0 (pg_postconf_get_for (postfix, a->service, "mynetworks", NULL),
                    pg_postconf_get_for (postfix, b->service, "mynetworks", NULL))
             != 0)
    return FALSE;
  for (guint i = 0; i < PG_DOCTOR_N_LISTS; i++)
    if ((by & PG_DOCTOR_BY (i)) != 0
        && (a->lists[i].is_own != b->lists[i].is_own || !g_str_equal (a->lists[i].text, b->lists[i].text)))
      return FALSE;
  return TRUE;
}

/* Takes @other. */
static void
merge (PgDoctorSmtpd *self, PgDoctorSmtpd *other)
{
  char *names = g_strconcat (self->names, ", ", other->names, NULL);

  g_free (self->names);
  self->names = names;
  if (self->chrooted == NULL)
    self->chrooted = g_steal_pointer (&other->chrooted);
  free_smtpd (other);
}

static void
add_smtpd (const PgPostconf *postfix, GPtrArray *smtpds, PgDoctorSmtpd *smtpd, guint by)
{
  for (guint i = 0; i < smtpds->len; i++)
    if (is_same (postfix, g_ptr_array_index (smtpds, i), smtpd, by))
      {
        merge (g_ptr_array_index (smtpds, i), smtpd);
        return;
      }
  g_ptr_array_add (smtpds, smtpd);
}

GPtrArray *
pg_doctor_smtpds (const PgDoctorFacts *facts, guint by)
{
  GPtrArray *smtpds = g_ptr_array_new_with_free_func (free_smtpd);

  for (guint i = 0; i < pg_postconf_n_services (facts->postfix); i++)
    {
      const PgPostconfService *service = pg_postconf_service (facts->postfix, i);

      if (g_str_equal (service->command, "smtpd"))
        add_smtpd (facts->postfix, smtpds, read_smtpd (facts, service), by);
    }
  return smtpds;
}

char *
pg_doctor_smtpd_asks_elsewhere (const PgDoctorSmtpd *self)
{
  const PgDoctorList *relay = &self->lists[PG_DOCTOR_RELAY];

  for (guint i = 0; relay->ask < 0 && i < relay->items->len; i++)
    {
      const PgPostconfRestriction *item = pg_doctor_list_item (relay, i);
      PgPostconfAsk                ask;

      if (pg_postconf_is (item, "check_policy_service") && pg_postconf_ask_parse (item->argument, &ask, NULL))
        return copy (ask.endpoint);
    }
  return NULL;
}

gboolean
pg_doctor_smtpd_asks (const PgDoctorSmtpd *self)
{
  return self->lists[PG_DOCTOR_RELAY].ask >= 0;
}

gboolean
pg_doctor_smtpd_ask (const PgDoctorSmtpd *self, PgPostconfAsk *out, GError **error)
{
  const PgDoctorList *relay = &self->lists[PG_DOCTOR_RELAY];

  return relay->ask >= 0 && pg_postconf_ask_parse (pg_doctor_list_item (relay, (guint) relay->ask)->argument, out, error);
}

/* --- what should stand there ----------------------------------------------------------------------------------------- */

static void
append (GString *list, PgSpan text)
{
  if (list->len > 0)
    g_string_append (list, ", ");
  g_string_append_len (list, text.data, (gssize) text.len);
}

static void
append_ask (const PgDoctorFacts *facts, const PgDoctorSmtpd *self, GString *list)
{
  g_autofree char *endpoint = pg_doctor_best_endpoint (facts);
  PgPostconfAsk    ask = { .has_braces = FALSE };

  (void) pg_doctor_smtpd_ask (self, &ask, NULL);
  if (ask.endpoint.len > 0 && pg_doctor_listens (facts, ask.endpoint) && self->chrooted == NULL)
    {
      g_free (endpoint);
      endpoint = copy (ask.endpoint);
    }
  if (list->len > 0)
    g_string_append (list, ", ");
  g_string_append_printf (list, "check_policy_service { %s, timeout=5s, ", endpoint);
  if (ask.policy_context.len > 0)
    g_string_append_printf (list, "policy_context=%.*s, ", (int) ask.policy_context.len, ask.policy_context.data);
  g_string_append (list, "{ default_action = " MIN_ACTION " } }");
}

/* Those that need nobody's help, and do no harm wherever they stand. */
static gboolean
is_first (const PgPostconfRestriction *item)
{
  return pg_postconf_is (item, "permit_mynetworks") || pg_postconf_is (item, "permit_sasl_authenticated")
         || pg_postconf_is (item, "permit_auth_destination");
}

/* What stands before the first refusal goes before us, what stands behind it stays there. */
static void
sort_items (const PgDoctorFacts *facts, const PgDoctorList *relay, GString *head, GString *tail)
{
  for (guint i = 0; i < relay->items->len; i++)
    {
      const PgPostconfRestriction *item = pg_doctor_list_item (relay, i);

      if (asks_us (facts, item) || (permits_all (item) && tail->len == 0))
        continue;
      append ((tail->len > 0 && !is_first (item)) || pg_doctor_refuses (item) ? tail : head, item->text);
    }
}

char *
pg_doctor_fix_relay (const PgDoctorFacts *facts, const PgDoctorSmtpd *self)
{
  const PgDoctorList *relay = &self->lists[PG_DOCTOR_RELAY];
  GString            *head = g_string_new (NULL);
  g_autoptr (GString) tail = g_string_new (NULL);

  sort_items (facts, relay, head, tail);
  if (relay->items->len == 0)
    g_string_append (head, "permit_mynetworks, permit_sasl_authenticated");
  if (pg_doctor_list_find (relay, "permit_auth_destination") < 0)
    append (head, pg_span_from_string ("permit_auth_destination"));
  append_ask (facts, self, head);
  append (head, tail->len > 0 ? pg_span (tail->str, tail->len) : pg_span_from_string ("reject_unauth_destination"));
  return g_string_free (head, FALSE);
}

char *
pg_doctor_list_without (const PgDoctorFacts *facts, const PgDoctorList *self, int index)
{
  GString *list = g_string_new (NULL);

  for (guint i = 0; i < self->items->len; i++)
    if (index < 0 ? !asks_us (facts, pg_doctor_list_item (self, i)) : (guint) index != i)
      append (list, pg_doctor_list_item (self, i)->text);
  return g_string_free (list, FALSE);
}

void
pg_doctor_where (const PgDoctorFacts *facts, const PgDoctorSmtpd *smtpd, gboolean is_own, const char *name, const char *value,
                 char **out_where, char **out_change)
{
  if (is_own)
    {
      *out_where = g_strdup_printf ("%s/master.cf, below \"%s\"", facts->postfix_folder, smtpd->names);
      *out_change = g_strdup_printf ("-o { %s = %s }", name, value);
      return;
    }
  *out_where = g_strconcat (facts->postfix_folder, "/main.cf", NULL);
  *out_change = g_strdup_printf ("%s = %s", name, value);
}
