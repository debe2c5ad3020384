/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/frozen.h"

#include "engine/config-file.h"
#include "engine/engine.h"

gboolean
pg_frozen_in_database (const PgCli *cli)
{
  PgConfig *config = pg_config_file_load (cli->config, NULL, NULL);
  g_autoptr (PgEngine) engine = config != NULL ? pg_engine_new (config, PG_STORE_READ_ONLY) : NULL;

  return engine != NULL && pg_engine_open (engine, NULL)
         && pg_noteset_freeze (pg_engine_notes (engine), g_get_real_time ()) != NULL;
}
