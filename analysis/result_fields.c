/* SPDX-License-Identifier: MIT */
#include "analysis/result_fields.h"

#define TABLE(name, list) const struct field_table name = {list, sizeof(list) / sizeof((list)[0])}

static const struct json_field head[] = {
    JSON_TEXT(struct run_result, scenario),      JSON_TEXT(struct run_result, description),
    JSON_TEXT(struct run_result, scenario_file), JSON_TEXT(struct run_result, platform),
    JSON_U64(struct run_result, seed),           JSON_U32(struct run_result, run_index)};
TABLE(result_head_fields, head);

static const struct json_field tick[] = {JSON_TEXT(struct run_tick, what), JSON_DOUBLE(struct run_tick, hz),
                                         JSON_BOOL(struct run_tick, deterministic)};
TABLE(result_tick_fields, tick);

static const struct json_field host[] = {JSON_BOOL(struct run_host, harness_error),
                                         JSON_BOOL(struct run_host, platform_died),
                                         JSON_BOOL(struct run_host, machine_ready),
                                         JSON_BOOL(struct run_host, monitor_failed),
                                         JSON_INT(struct run_host, exit_status),
                                         JSON_TEXT(struct run_host, message),
                                         JSON_DOUBLE(struct run_host, start_to_ready_ms),
                                         JSON_DOUBLE(struct run_host, start_to_first_reply_ms),
                                         JSON_DOUBLE(struct run_host, wall_s)};
TABLE(result_host_fields, host);

#define LOAD_AS(name, kind, member) JSON_AS(name, kind, struct run_result, member)
static const struct json_field load[] = {LOAD_AS("rate", JSON_KIND_DOUBLE, load_rate),
                                         LOAD_AS("page_bytes", JSON_KIND_U32, load_page_bytes),
                                         LOAD_AS("connections", JSON_KIND_U32, load_connections),
                                         LOAD_AS("keepalive", JSON_KIND_BOOL, load_keepalive),
                                         LOAD_AS("guest_time", JSON_KIND_BOOL, load_guest_time),
                                         LOAD_AS("printed", JSON_KIND_BOOL, load_printed),
                                         LOAD_AS("warmup_s", JSON_KIND_DOUBLE, load_warmup_s),
                                         LOAD_AS("timeout_ms", JSON_KIND_DOUBLE, load_timeout_ms),
                                         LOAD_AS("up_at_end", JSON_KIND_BOOL, load_up_at_end)};
TABLE(result_load_fields, load);

static const struct json_field stats[] = {JSON_U64(struct load_stats, intended),
                                          JSON_U64(struct load_stats, sent),
                                          JSON_U64(struct load_stats, good),
                                          JSON_U64(struct load_stats, errors),
                                          JSON_U64(struct load_stats, lost),
                                          JSON_U64(struct load_stats, wrong_ever),
                                          JSON_DOUBLE(struct load_stats, duration_s),
                                          JSON_DOUBLE(struct load_stats, sent_rate),
                                          JSON_DOUBLE(struct load_stats, good_rate),
                                          JSON_DOUBLE(struct load_stats, late_max_ms),
                                          JSON_DOUBLE(struct load_stats, outage_ms),
                                          JSON_DOUBLE(struct load_stats, outage_start_ms),
                                          JSON_DOUBLE(struct load_stats, outage_end_ms),
                                          JSON_BOOL(struct load_stats, outage_open)};
TABLE(result_stats_fields, stats);

#define LATENCY(name, member) JSON_AS(name, JSON_KIND_DOUBLE, struct load_stats, member)
static const struct json_field latency[] = {LATENCY("min", latency_min),
                                            LATENCY("p50", latency_p50),
                                            LATENCY("p90", latency_p90),
                                            LATENCY("p99", latency_p99),
                                            LATENCY("p99.9", latency_p999),
                                            LATENCY("max", latency_max),
                                            LATENCY("mean", latency_mean),
                                            LATENCY("sd", latency_sd),
                                            LATENCY("from_sending_p50", answer_p50),
                                            LATENCY("from_sending_p99", answer_p99),
                                            LATENCY("from_sending_max", answer_max)};
TABLE(result_latency_fields, latency);

#define TOOL(member) JSON_DOUBLE(struct load_tool_summary, member)
static const struct json_field tool[] = {
    TOOL(connections),    TOOL(requests),       TOOL(replies),           TOOL(duration_s),     TOOL(reply_rate_avg),
    TOOL(reply_ms_avg),   TOOL(connect_ms_avg), TOOL(connect_ms_median), TOOL(connect_ms_max), TOOL(errors_total),
    TOOL(errors_timeout), TOOL(errors_refused), TOOL(errors_reset)};
TABLE(result_tool_fields, tool);

static const struct json_field isolation[] = {
    JSON_BOOL(struct run_isolation, checked), JSON_U32(struct run_isolation, regions),
    JSON_U64(struct run_isolation, bytes), JSON_U32(struct run_isolation, breaches),
    JSON_BOOL(struct run_isolation, state_differs)};
TABLE(result_isolation_fields, isolation);

static const struct json_field breach[] = {JSON_U64(struct run_breach, base), JSON_U64(struct run_breach, size),
                                           JSON_U32(struct run_breach, owner), JSON_U64(struct run_breach, first),
                                           JSON_U64(struct run_breach, words)};
TABLE(result_breach_fields, breach);

static const struct json_field sandbox[] = {
    JSON_U32(struct run_sandbox, roles), JSON_U32(struct run_sandbox, incarnation),
    JSON_U32(struct run_sandbox, attempts), JSON_U32(struct run_sandbox, refused),
    JSON_U32(struct run_sandbox, taken_over_by)};
TABLE(result_sandbox_fields, sandbox);

#define STATUS(member) JSON_U64(struct qv_sandbox_status, member)
static const struct json_field status[] = {
    STATUS(heartbeats),   STATUS(rx_frames),       STATUS(rx_skipped),
    STATUS(rx_dropped),   STATUS(tx_frames),       STATUS(tx_busy),
    STATUS(irqs),         STATUS(irq_acks),        STATUS(http_requests),
    STATUS(http_replies), STATUS(tcp_connections), STATUS(probe_jobs),
    STATUS(probe_misses), STATUS(probe_worst_us),  STATUS(client_sent),
    STATUS(client_good),  STATUS(client_errors),   STATUS(client_lost),
    STATUS(lock_breaks),  STATUS(duty_takeovers),  STATUS(nic_generation),
    STATUS(suspicions),   STATUS(packets_total),   JSON_TEXT(struct qv_sandbox_status, message)};
TABLE(result_status_fields, status);

#define RECOVERY(name, kind, member) JSON_AS(name, kind, struct recovery, member)
static const struct json_field recovery[] = {RECOVERY("sandbox", JSON_KIND_U32, sandbox),
                                             RECOVERY("sequence", JSON_KIND_U32, sequence),
                                             RECOVERY("reason", JSON_KIND_U32, reason),
                                             RECOVERY("complete", JSON_KIND_BOOL, complete),
                                             RECOVERY("gave_up", JSON_KIND_BOOL, gave_up),
                                             RECOVERY("flagged", JSON_KIND_BOOL, flagged),
                                             RECOVERY("activated_tsc", JSON_KIND_U64, activated),
                                             RECOVERY("detected_tsc", JSON_KIND_U64, detected),
                                             RECOVERY("decided_tsc", JSON_KIND_U64, decided),
                                             RECOVERY("recovered_tsc", JSON_KIND_U64, recovered),
                                             RECOVERY("first_reply_tsc", JSON_KIND_U64, first_reply),
                                             RECOVERY("detection_ticks", JSON_KIND_U64, detection_ticks),
                                             RECOVERY("end_to_end_ticks", JSON_KIND_U64, end_to_end),
                                             RECOVERY("phase_sum_ticks", JSON_KIND_U64, phase_sum),
                                             RECOVERY("difference", JSON_KIND_DOUBLE, difference),
                                             RECOVERY("gap_max_ticks", JSON_KIND_U64, gap_max)};
TABLE(result_recovery_fields, recovery);

static const struct json_field activity[] = {JSON_U32(struct recoveries, arms),
                                             JSON_U32(struct recoveries, activations),
                                             JSON_U32(struct recoveries, detections),
                                             JSON_U32(struct recoveries, early_detections),
                                             JSON_U32(struct recoveries, gave_up),
                                             JSON_U32(struct recoveries, unmatched),
                                             JSON_U64(struct recoveries, first_activation),
                                             JSON_U64(struct recoveries, first_detected)};
TABLE(result_activity_fields, activity);

static const struct json_field trace[] = {JSON_AS("records", JSON_KIND_U64, struct run_result, trace_records),
                                          JSON_AS("lost", JSON_KIND_U64, struct run_result, trace_lost),
                                          JSON_AS("backwards", JSON_KIND_U64, struct run_result, trace_backwards),
                                          JSON_AS("tsc_hz", JSON_KIND_U64, struct run_result, tsc_hz)};
TABLE(result_trace_fields, trace);

static const struct json_field provenance[] = {
    JSON_TEXT(struct provenance, commit),       JSON_BOOL(struct provenance, dirty),
    JSON_TEXT(struct provenance, qemu_version), JSON_TEXT(struct provenance, compiler),
    JSON_TEXT(struct provenance, build_type),   JSON_TEXT(struct provenance, host_cpu),
    JSON_U32(struct provenance, host_cores),    JSON_TEXT(struct provenance, host_kernel),
    JSON_TEXT(struct provenance, host_os),      JSON_DOUBLE(struct provenance, load_average),
    JSON_TEXT(struct provenance, guest_cpu),    JSON_TEXT(struct provenance, time),
    JSON_TEXT(struct provenance, reproduce)};
TABLE(result_provenance_fields, provenance);

static const struct json_field expect[] = {
    JSON_TEXT(struct run_expectation, name), JSON_TEXT(struct run_expectation, expected),
    JSON_TEXT(struct run_expectation, actual), JSON_BOOL(struct run_expectation, met)};
TABLE(result_expect_fields, expect);

static const struct json_field fault[] = {JSON_U32(struct run_fault, target), JSON_U64(struct run_fault, value)};
TABLE(result_fault_fields, fault);

static const struct json_field injection[] = {
    JSON_U32(struct run_injection, target),
    JSON_AS("armed_tsc", JSON_KIND_U64, struct run_injection, armed),
    JSON_AS("activated_tsc", JSON_KIND_U64, struct run_injection, activated),
    JSON_U32(struct run_injection, activations),
    JSON_TEXT(struct run_injection, activation_address),
    JSON_AS("activation_symbol", JSON_KIND_TEXT, struct run_injection, activation_name.symbol),
    JSON_AS("activation_source", JSON_KIND_TEXT, struct run_injection, activation_name.source),
    JSON_U32(struct run_injection, n_changes)};
TABLE(result_injection_fields, injection);

static const struct json_field change[] = {JSON_U64(struct run_change, tsc),
                                           JSON_TEXT(struct run_change, address),
                                           JSON_AS("symbol", JSON_KIND_TEXT, struct run_change, name.symbol),
                                           JSON_AS("source", JSON_KIND_TEXT, struct run_change, name.source),
                                           JSON_TEXT(struct run_change, before),
                                           JSON_TEXT(struct run_change, after)};
TABLE(result_change_fields, change);

#define VCPU(member) JSON_U64(struct run_vcpu, member)
static const struct json_field vcpu[] = {
    JSON_U32(struct run_vcpu, sandbox),
    JSON_U32(struct run_vcpu, number),
    JSON_TEXT(struct run_vcpu, name),
    JSON_U32(struct run_vcpu, work),
    JSON_U32(struct run_vcpu, copy),
    JSON_TEXT(struct run_vcpu, kind),
    JSON_BOOL(struct run_vcpu, background),
    JSON_AS("budget_ticks", JSON_KIND_U64, struct run_vcpu, budget),
    JSON_AS("period_ticks", JSON_KIND_U64, struct run_vcpu, period),
    JSON_U32(struct run_vcpu, utilization_ppm),
    JSON_AS("used_ticks", JSON_KIND_U64, struct run_vcpu, used),
    JSON_AS("background_ticks", JSON_KIND_U64, struct run_vcpu, background_time),
    JSON_AS("overrun_ticks", JSON_KIND_U64, struct run_vcpu, overrun),
    VCPU(replenishments),
    VCPU(list_full),
    VCPU(dispatches),
    VCPU(jobs),
    VCPU(misses),
    JSON_AS("worst_response_ticks", JSON_KIND_U64, struct run_vcpu, worst_response),
    VCPU(bytes)};
TABLE(result_vcpu_fields, vcpu);

#define CORE(name, member) JSON_AS(name, JSON_KIND_U64, struct run_core_time, member)
static const struct json_field core[] = {JSON_BOOL(struct run_core_time, known),
                                         CORE("start_tsc", start),
                                         CORE("time_tsc", time),
                                         CORE("idle_ticks", idle),
                                         CORE("scheduler_account_ticks", sched),
                                         CORE("handlers_ticks", handlers),
                                         CORE("retired_ticks", retired),
                                         CORE("scheduler_path_ticks", path)};
TABLE(result_core_fields, core);

static const struct json_field vcpus[] = {JSON_AS("ready_tsc", JSON_KIND_U64, struct run_vcpus, ready_tsc),
                                          JSON_AS("tsc_hz", JSON_KIND_U64, struct run_vcpus, tsc_hz)};
TABLE(result_vcpus_fields, vcpus);
