/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A program without a main loop keeps TCP port 8080 reachable until Ctrl-C: the library runs in a
 * thread of its own. */

#include <signal.h>

#include <plum-glib/plum-glib.h>

typedef struct
{
  GMainContext *context;
  GMainLoop *loop;
  PlumManager *manager;  /* for the worker only */
  GAsyncQueue *messages; /* from the worker to the program */
} Worker;

/* Unlike g_main_context_invoke (), it never calls the function in this thread. */
static void
call_in_worker (Worker *worker, GSourceFunc func)
{
  g_autoptr (GSource) source = g_idle_source_new ();

  g_source_set_callback (source, func, worker, NULL);
  g_source_attach (source, worker->context);
}

static void
on_changed (PlumManager *manager, PlumMapping *mapping, gpointer user_data)
{
  Worker *worker = user_data;
  /* NULL: the router has no address at present. */
  const char *host = plum_mapping_get_external_host (mapping);

  if (plum_mapping_get_state (mapping) == PLUM_STATE_SUCCESS)
    g_async_queue_push (worker->messages,
                        g_strdup_printf ("Mapped at %s, port %u",
                                         host != NULL ? host : "an unknown address",
                                         plum_mapping_get_external_port (mapping)));
}

static void
on_error (PlumMapping *mapping, GParamSpec *pspec, gpointer user_data)
{
  Worker *worker = user_data;

  if (plum_mapping_get_error_summary (mapping) != NULL)
    g_async_queue_push (worker->messages,
                        g_strdup_printf ("Not mapped: %s",
                                         plum_mapping_get_error_summary (mapping)));
}

static gpointer
run_worker (gpointer user_data)
{
  Worker *worker = user_data;

  g_main_context_push_thread_default (worker->context);
  worker->manager = plum_manager_new ();
  plum_manager_set_application_name (worker->manager, "Example");
  g_signal_connect (worker->manager, "mapping-changed", G_CALLBACK (on_changed), worker);
  g_main_loop_run (worker->loop);

  g_clear_object (&worker->manager); /* the last reference, in this thread */
  while (g_main_context_iteration (worker->context, FALSE))
    ; /* what is still queued */
  g_main_context_pop_thread_default (worker->context);
  return NULL;
}

/* In the worker. */
static gboolean
add_mapping (gpointer user_data)
{
  Worker *worker = user_data;
  g_autoptr (PlumMapping) mapping = plum_mapping_new (PLUM_PROTOCOL_TCP, 8080);
  g_autoptr (GError) error = NULL;

  g_signal_connect (mapping, "notify::error-summary", G_CALLBACK (on_error), worker);
  if (!plum_manager_add_mapping (worker->manager, mapping, &error))
    g_async_queue_push (worker->messages, g_strdup (error->message));
  return G_SOURCE_REMOVE;
}

static void
on_closed (GObject *manager, GAsyncResult *result, gpointer user_data)
{
  Worker *worker = user_data;
  g_autoptr (GError) error = NULL;

  if (!plum_manager_close_finish (PLUM_MANAGER (manager), result, &error))
    g_printerr ("%s\n", error->message);
  g_main_loop_quit (worker->loop);
}

/* In the worker. */
static gboolean
close_manager (gpointer user_data)
{
  Worker *worker = user_data;

  plum_manager_close_async (worker->manager, NULL, on_closed, worker);
  return G_SOURCE_REMOVE;
}

int
main (void)
{
  Worker worker = { NULL };
  GThread *thread;
  char *message;
  sigset_t signals;
  int number;

  /* Blocked in all threads: this one waits for it. */
  sigemptyset (&signals);
  sigaddset (&signals, SIGINT);
  pthread_sigmask (SIG_BLOCK, &signals, NULL);

  worker.context = g_main_context_new ();
  worker.loop = g_main_loop_new (worker.context, FALSE);
  worker.messages = g_async_queue_new_full (g_free);
  thread = g_thread_new ("port mapping", run_worker, &worker);

  call_in_worker (&worker, add_mapping);
  message = g_async_queue_pop (worker.messages);
  g_print ("%s\n", message);
  g_free (message);

  sigwait (&signals, &number); /* the work of the program */

  call_in_worker (&worker, close_manager);
  g_thread_join (thread);
  g_async_queue_unref (worker.messages);
  g_main_loop_unref (worker.loop);
  g_main_context_unref (worker.context);
  return 0;
}
