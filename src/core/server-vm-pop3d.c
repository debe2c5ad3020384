/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/server-vm-pop3d.h"

static const PgProgram programs[] = {
  PG_PROGRAM ("vm-pop3d", PG_SERVICE_POP3),
  { 0 },
};

static const PgLoginForm forms[] = {
  { "User %u logged in from !%a", 0 },
  { 0 },
};

const PgFormFamily pg_server_vm_pop3d = { PG_SERVER_VM_POP3D, programs, forms };
