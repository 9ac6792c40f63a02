/** Options that TRL's and Transformers' users write and that have no meaning here, or not yet. */
import type { ForeignOption } from '../../config/index.ts';

type Options = Readonly<Record<string, ForeignOption>>;

const isOff = (value: unknown): boolean =>
  value === null ||
  value === false ||
  value === 0 ||
  value === '' ||
  value === 'none' ||
  value === 'no';

/** Never changes what is learned: any value is accepted with a warning, an off value silently. */
function inert(instead: string, names: readonly string[]): Options {
  const option = { isInert: () => true, isSilent: isOff, instead };
  return Object.fromEntries(names.map((name) => [name, option]));
}

/** Accepted silently at the listed values or when off; any other value would change the result. */
function refusedUnless(
  allowed: readonly unknown[],
  instead: string,
  names: readonly string[],
): Options {
  const accepts = (value: unknown) => isOff(value) || allowed.includes(value);
  return Object.fromEntries(
    names.map((name) => [name, { isInert: accepts, isSilent: accepts, instead }]),
  );
}

const memoryAndSpeed = inert('Memory and speed are Laurel’s own business.', [
  'gradient_checkpointing_kwargs',
  'activation_offloading',
  'torch_compile',
  'torch_compile_backend',
  'torch_compile_mode',
  'torch_empty_cache_steps',
  'use_liger_kernel',
  'liger_kernel_config',
  'attn_implementation',
  'use_cache',
  'cache_implementation',
  'pad_to_multiple_of',
  'dataset_num_proc',
  'dataset_streaming',
  'dataloader_num_workers',
  'dataloader_pin_memory',
  'dataloader_persistent_workers',
  'dataloader_prefetch_factor',
  'dataloader_multiprocessing_context',
  'dataloader_in_order',
  'use_transformers_continuous_batching',
  'use_transformers_paged',
  'transformers_continuous_batching_config',
  'ds3_gather_for_generation',
  'eval_accumulation_steps',
  'eval_do_concat_batches',
  'eval_use_gather_object',
  'batch_eval_metrics',
]);

const oneProcess = inert('Training runs in one process.', [
  'ddp_backend',
  'ddp_timeout',
  'ddp_bucket_cap_mb',
  'ddp_find_unused_parameters',
  'ddp_broadcast_buffers',
  'ddp_static_graph',
  'average_tokens_across_devices',
  'local_rank',
  'log_on_each_node',
  'save_on_each_node',
]);

const noExperts = inert('The model families have no mixture of experts.', ['router_aux_loss_coef']);

const tracking = inert(
  'Metrics stay in the run folder; WANDB_API_KEY sends them to Weights & Biases too, laurel runs export writes TensorBoard’s files.',
  [
    'report_to',
    'project',
    'trackio_space_id',
    'trackio_bucket_id',
    'trackio_static_space_id',
    'log_completions_hub_repo',
  ],
);

const publishing = inert('Models stay in the run folder: Hugging Face folders.', [
  'push_to_hub',
  'hub_model_id',
  'hub_token',
  'hub_strategy',
  'hub_private_repo',
  'hub_always_push',
  'hub_revision',
]);

const housekeeping = inert('It has nothing to act on here.', [
  'do_train',
  'do_eval',
  'do_predict',
  'disable_tqdm',
  'log_level',
  'log_level_replica',
  'logging_dir',
  'logging_nan_inf_filter',
  'logging_strategy',
  'log_multimodal',
  'log_unique_prompts',
  'include_num_input_tokens_seen',
  'include_for_metrics',
  'prediction_loss_only',
  'remove_unused_columns',
  'label_names',
  'skip_memory_metrics',
  'full_determinism',
  'trust_remote_code',
  'ignore_bias_buffers',
  'save_only_model',
  'save_safetensors',
  'overwrite_output_dir',
  'max_tool_calling_iterations',
  'debug',
  'enable_jit_checkpoint',
  'restore_callback_states_from_checkpoint',
  'length_column_name',
]);

const inertWithoutVllm = inert('There is no separate generation engine to correct for.', [
  'vllm_mode',
  'vllm_model_impl',
  'vllm_enable_sleep_mode',
  'vllm_server_base_url',
  'vllm_server_host',
  'vllm_server_port',
  'vllm_server_timeout',
  'vllm_group_port',
  'vllm_gpu_memory_utilization',
  'vllm_max_model_length',
  'vllm_tensor_parallel_size',
  'vllm_importance_sampling_correction',
  'vllm_importance_sampling_mode',
  'vllm_importance_sampling_cap',
  'vllm_importance_sampling_clip_max',
  'vllm_importance_sampling_clip_min',
]);

const precision: Options = {
  ...inert('Evaluation and matrix products compute in dtype.', ['bf16_full_eval', 'tf32']),
  ...refusedUnless([], 'Set dtype: bfloat16, or float32 and remove it.', [
    'fp16',
    'fp16_full_eval',
  ]),
  ...refusedUnless([], 'Set dtype: float32.', ['cast_lm_head_to_fp32']),
  ...refusedUnless([], 'Set device: cpu.', ['use_cpu']),
  ...refusedUnless([], 'Write dtype instead of torch_dtype.', ['torch_dtype']),
  ...refusedUnless(
    [],
    'Weights are not quantised; remove it, and set dtype: bfloat16 or lower per_device_train_batch_size if memory is short.',
    ['load_in_4bit', 'load_in_8bit'],
  ),
};

const notHere: Options = {
  ...refusedUnless([], 'Completions are sampled by Laurel itself; remove it.', [
    'use_vllm',
    'vllm_structured_outputs_regex',
  ]),
  ...refusedUnless(
    [],
    'Training runs in one process; remove it and lower per_device_train_batch_size if memory is short.',
    [
      'deepspeed',
      'fsdp',
      'fsdp_config',
      'parallelism_config',
      'accelerator_config',
      'accelerate_config',
    ],
  ),
  ...refusedUnless([], 'Adapters are plain LoRA on the projections of lora_target_modules.', [
    'use_dora',
    'lora_target_parameters',
    'lora_modules_to_save',
  ]),
  ...refusedUnless(['CAUSAL_LM'], 'Models are causal language models (CAUSAL_LM).', [
    'lora_task_type',
  ]),
  ...refusedUnless([], 'Set model_revision and dtype instead.', ['model_init_kwargs']),
  ...refusedUnless(
    [],
    'Lower per_device_train_batch_size and raise gradient_accumulation_steps instead.',
    ['auto_find_batch_size'],
  ),
  ...refusedUnless([], 'Resuming always continues at the next unseen row.', ['ignore_data_skip']),
  ...refusedUnless([], 'An incomplete last batch is trained on as it is.', [
    'dataloader_drop_last',
  ]),
  ...refusedUnless([], 'Remove it.', [
    'neftune_noise_alpha',
    'label_smoothing_factor',
    'optim_args',
    'optim_target_modules',
    'lr_scheduler_kwargs',
    'eval_delay',
    'dataset_kwargs',
  ]),
  ...refusedUnless(
    ['adamw_torch', 'adamw_torch_fused', 'adamw_hf'],
    'The optimiser is AdamW (adamw_torch).',
    ['optim'],
  ),
};

/** Foreign options of every trainer. */
export const commonForeignOptions: Options = {
  ...memoryAndSpeed,
  ...oneProcess,
  ...noExperts,
  ...tracking,
  ...publishing,
  ...housekeeping,
  ...inertWithoutVllm,
  ...precision,
  ...notHere,
};

/** Foreign options of SFTConfig. */
export const supervisedForeignOptions: Options = {
  ...refusedUnless(['nll', 'chunked_nll'], 'The loss is the negative log-likelihood (nll).', [
    'loss_type',
  ]),
  ...refusedUnless(['keep_start'], 'Sequences keep their start (keep_start).', ['truncation_mode']),
  ...refusedUnless([], 'Set train_sampling_strategy: group_by_length.', ['group_by_length']),
  ...inert('Rows are shuffled each epoch unless train_sampling_strategy is sequential.', [
    'shuffle_dataset',
  ]),
  ...refusedUnless([], 'Set it in the tokenizer’s files.', ['pad_token']),
};

/** Foreign options of DPOConfig. */
export const preferenceForeignOptions: Options = {
  ...refusedUnless(['keep_start'], 'Sequences keep their start (keep_start).', ['truncation_mode']),
  ...refusedUnless([], 'A pair longer than max_length is cut at its end; raise max_length.', [
    'max_prompt_length',
    'max_completion_length',
  ]),
  ...refusedUnless([], 'Set loss_type: [sigmoid, sft] and loss_weights: [1, rpo_alpha].', [
    'rpo_alpha',
  ]),
  ...refusedUnless([], 'The reference is the model as it is before training; remove it.', [
    'ref_model_init_kwargs',
    'reference_free',
    'model_adapter_name',
    'ref_adapter_name',
    'force_use_ref_model',
  ]),
  ...refusedUnless(['reverse_kl'], 'The divergence is reverse_kl.', ['f_divergence_type']),
  ...inert('It belongs to alpha_divergence, which is not available.', ['f_alpha_divergence_coef']),
  ...inert('It belongs to the discopop loss, which is not available.', ['discopop_tau']),
  ...refusedUnless([], 'Every token of a completion counts alike; remove it.', ['ld_alpha']),
  ...refusedUnless([], 'Every pair counts alike; remove it.', ['use_weighting']),
  ...refusedUnless([], 'Set it in the tokenizer’s files.', ['pad_token']),
};

/** Foreign options of RewardConfig, and adapters, which are for policies. */
export const rewardModelForeignOptions: Options = {
  ...refusedUnless(
    [],
    'A reward model is trained whole. Remove it, and lower per_device_train_batch_size if memory is short.',
    ['use_peft'],
  ),
  ...inert('It belongs to use_peft, which reward models do not have.', [
    'lora_r',
    'lora_alpha',
    'lora_dropout',
    'lora_target_modules',
    'use_rslora',
  ]),
  ...inert('A reward model’s one output needs no task type.', ['lora_task_type']),
  ...refusedUnless([], 'Set it in the tokenizer’s files.', ['pad_token']),
};

/** Foreign options of GRPOConfig. */
export const groupForeignOptions: Options = {
  ...refusedUnless([], 'A prompt longer than the context is an error; shorten it in the data.', [
    'max_prompt_length',
  ]),
  ...refusedUnless(['sum_then_normalize'], 'Rewards are summed by weight, then normalised.', [
    'multi_objective_aggregation',
  ]),
  ...refusedUnless(
    [],
    'Set temperature, top_p, top_k, min_p, repetition_penalty or stop_strings.',
    ['generation_kwargs'],
  ),
  ...refusedUnless([], 'Set a constant entropy_coef instead.', ['use_adaptive_entropy']),
  ...inert('It belongs to use_adaptive_entropy, which is not available.', [
    'entropy_coef_min',
    'entropy_coef_max',
    'entropy_coef_delta',
    'entropy_target',
  ]),
  ...refusedUnless([], 'Limit old data with num_iterations and steps_per_generation instead.', [
    'off_policy_mask_threshold',
  ]),
  ...inert('It belongs to the vespo loss, which is not available.', [
    'vespo_k_pos',
    'vespo_lambda_pos',
    'vespo_k_neg',
    'vespo_lambda_neg',
  ]),
  ...refusedUnless([], 'Name the folder of the reward model in reward_funcs.', [
    'reward_model_name_or_path',
  ]),
  ...refusedUnless(['random'], 'Set shuffle_dataset.', ['train_sampling_strategy']),
};

/** Published spellings of values, for every trainer. */
export const valueSpellings: Readonly<Record<string, ReadonlyMap<unknown, unknown>>> = {
  // PyYAML reads a bare `no` as false, and TRL's users write it so.
  eval_strategy: new Map<unknown, unknown>([[false, 'no']]),
  save_strategy: new Map<unknown, unknown>([[false, 'no']]),
  lora_target_modules: new Map<unknown, unknown>([['all-linear', ['all-linear']]]),
  scale_rewards: new Map<unknown, unknown>([
    [true, 'group'],
    [false, 'none'],
  ]),
};
