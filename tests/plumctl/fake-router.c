/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The UPnP router of the tests in a separate process: fake-router ADDRESS [SWITCH=VALUE]...
 *
 * A SWITCH is a member of FakeIgdSwitches, with dashes for underscores. The program prints "ready"
 * when the router can be queried. For each line on standard input it prints the table, with entries
 * such as "tcp:8080:192.168.1.10:80" separated by spaces. It exits at the end of its input. */

#include <stdio.h>
#include <string.h>

#include "fake-igd.h"
#include "test-commands.h"

typedef enum {
  NUMBER,
  STRING,
} Kind;

typedef struct
{
  const char *name;
  Kind kind;
  gsize offset;
} Switch;

#define SWITCH(name, kind, member)                                                                 \
  {                                                                                                \
    name, kind, G_STRUCT_OFFSET (FakeIgdSwitches, member)                                          \
  }

static const Switch switches[] = {
  SWITCH ("no-service", NUMBER, no_service),
  SWITCH ("model-number", STRING, model_number),
  SWITCH ("presentation-url", STRING, presentation_url),
  SWITCH ("uptime", STRING, uptime),
  SWITCH ("status", STRING, status),
  SWITCH ("external-address", STRING, external_address),
  SWITCH ("address-fault", NUMBER, address_fault),
  SWITCH ("timed-fault", NUMBER, timed_fault),
  SWITCH ("add-fault", NUMBER, add_fault),
  SWITCH ("delete-fault", NUMBER, delete_fault),
  SWITCH ("disable-adds", NUMBER, disable_adds),
  SWITCH ("disable-udp", NUMBER, disable_udp),
  SWITCH ("keep-deleted", NUMBER, keep_deleted),
  SWITCH ("list-fault", NUMBER, list_fault),
  SWITCH ("table-size", NUMBER, table_size),
  SWITCH ("other-clients", NUMBER, other_clients),
  SWITCH ("remote-hosts", NUMBER, remote_hosts),
  SWITCH ("remote-ignored", NUMBER, remote_ignored),
};

static gboolean
set_switch (FakeIgd *igd, const char *word)
{
  const char *equals = strchr (word, '=');

  for (gsize i = 0; equals != NULL && i < G_N_ELEMENTS (switches); i++)
    {
      gpointer member = G_STRUCT_MEMBER_P (&igd->switches, switches[i].offset);

      if (strlen (switches[i].name) != (gsize) (equals - word) ||
          strncmp (switches[i].name, word, (gsize) (equals - word)) != 0)
        continue;
      if (switches[i].kind == STRING)
        *(const char **) member = equals + 1;
      else
        *(int *) member = (int) g_ascii_strtoll (equals + 1, NULL, 10);
      return TRUE;
    }

  return FALSE;
}

static void
print_table (FakeIgd *igd)
{
  for (guint i = 0; i < igd->entries->len; i++)
    {
      const FakeIgdEntry *entry = igd->entries->pdata[i];

      printf ("%s%s:%u:%s:%u", i > 0 ? " " : "",
              entry->protocol == PLUM_PROTOCOL_TCP ? "tcp" : "udp", entry->external_port,
              entry->client, entry->internal_port);
    }
  printf ("\n");
  fflush (stdout);
}

typedef struct
{
  FakeIgd *igd;
  GMainLoop *loop;
} Program;

static void
on_line (const char *line, gpointer user_data)
{
  Program *program = user_data;

  if (line != NULL)
    print_table (program->igd);
  else
    g_main_loop_quit (program->loop);
}

int
main (int argc, char **argv)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  Program program = { .loop = loop };

  if (argc < 2)
    {
      g_printerr ("Usage: fake-router ADDRESS [SWITCH=VALUE]...\n");
      return 2;
    }

  program.igd = fake_igd_new (argv[1]);
  for (int i = 2; i < argc; i++)
    if (!set_switch (program.igd, argv[i]))
      {
        g_printerr ("fake-router: no switch “%s”\n", argv[i]);
        return 2;
      }

  printf ("ready\n");
  fflush (stdout);
  test_commands_read (on_line, &program);
  g_main_loop_run (loop);
  fake_igd_free (program.igd);
  return 0;
}
