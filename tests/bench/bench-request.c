/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bench-request.h"
#include "bench-tool.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#define ANSWER_WAIT_MS 5000

static const char head[] = "request=smtpd_access_policy\n"
                           "protocol_state=RCPT\n"
                           "protocol_name=ESMTP\n"
                           "client_address=";

static const char tail[] = "\nclient_name=unknown\n"
                           "client_port=40871\n"
                           "reverse_client_name=unknown\n"
                           "server_address=192.0.2.25\n"
                           "server_port=25\n"
                           "helo_name=printer-2nd-floor.example.org\n"
                           "sender=printer@example.org\n"
                           "recipient=someone@elsewhere.example\n"
                           "recipient_count=0\n"
                           "queue_id=\n"
                           "instance=308d.6b041ed4.ca760.0\n"
                           "size=18211\n"
                           "etrn_domain=\n"
                           "stress=\n"
                           "sasl_method=\n"
                           "sasl_username=\n"
                           "sasl_sender=\n"
                           "ccert_subject=\n"
                           "ccert_issuer=\n"
                           "ccert_fingerprint=\n"
                           "ccert_pubkey_fingerprint=\n"
                           "encryption_protocol=\n"
                           "encryption_cipher=\n"
                           "encryption_keysize=0\n"
                           "policy_context=\n"
                           "\n";

#define HEAD_LEN (sizeof head - 1)
#define TAIL_LEN (sizeof tail - 1)

G_STATIC_ASSERT (HEAD_LEN + PG_BENCH_ADDRESS_MAX + TAIL_LEN <= sizeof ((PgBenchRequest *) NULL)->bytes);

static const char *const action_names[PG_BENCH_N_ACTIONS] = {
  "OK", "DUNNO", "DEFER_IF_REJECT", "REJECT", "other",
};

void
pg_bench_request_init (PgBenchRequest *self)
{
  self->tail = HEAD_LEN + PG_BENCH_ADDRESS_MAX;
  memcpy (self->bytes + self->tail, tail, TAIL_LEN);
}

const char *
pg_bench_request_about (PgBenchRequest *self, PgBenchSet set, guint32 index, gsize *out_len)
{
  char  address[PG_BENCH_ADDRESS_MAX];
  gsize address_len = pg_bench_address_text (set, index, address);
  char *start = self->bytes + self->tail - address_len - HEAD_LEN;

  memcpy (start, head, HEAD_LEN);
  memcpy (start + HEAD_LEN, address, address_len);
  *out_len = HEAD_LEN + address_len + TAIL_LEN;
  return start;
}

const char *
pg_bench_action_name (PgBenchAction action)
{
  return action_names[action];
}

PgBenchAction
pg_bench_action_of (const char *reply, gsize len)
{
  static const char name[] = "action=";
  const gsize       name_len = sizeof name - 1;
  const char       *first_lf = memchr (reply, '\n', len);
  gsize             word_len;

  if (len < name_len + 2 || memcmp (reply, name, name_len) != 0 || first_lf != reply + len - 2)
    return PG_BENCH_OTHER;
  reply += name_len;
  for (word_len = 0; reply[word_len] != ' ' && reply[word_len] != '\n'; word_len++)
    continue;
  for (guint i = 0; i < PG_BENCH_OTHER; i++)
    if (strlen (action_names[i]) == word_len && memcmp (action_names[i], reply, word_len) == 0)
      return (PgBenchAction) i;
  return PG_BENCH_OTHER;
}

static void
wait_readable (int fd)
{
  struct pollfd wanted = { .fd = fd, .events = POLLIN };
  int           ready = poll (&wanted, 1, ANSWER_WAIT_MS);

  if (ready == 0)
    pg_bench_die (PG_BENCH_FAILED, "no answer within %d ms", ANSWER_WAIT_MS);
  if (ready < 0 && errno != EINTR)
    pg_bench_die (PG_BENCH_FAILED, "poll: %s", g_strerror (errno));
}

PgBenchAction
pg_bench_ask (int fd, PgBenchRequest *self, PgBenchSet set, guint32 index)
{
  char        reply[PG_BENCH_REPLY_MAX];
  gsize       len, held = 0;
  const char *request = pg_bench_request_about (self, set, index, &len);

  if (send (fd, request, len, MSG_NOSIGNAL) != (gssize) len)
    pg_bench_die (PG_BENCH_FAILED, "cannot send a request: %s", g_strerror (errno));
  do
    {
      wait_readable (fd);
      gssize n = recv (fd, reply + held, sizeof reply - held, 0);
      if (n <= 0 && !(n < 0 && (errno == EAGAIN || errno == EINTR)))
        pg_bench_die (PG_BENCH_FAILED, "the server closed the connection");
      held += n > 0 ? (gsize) n : 0;
    }
  while (held < 2 || memcmp (reply + held - 2, "\n\n", 2) != 0);
  return pg_bench_action_of (reply, held);
}
