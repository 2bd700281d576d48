"""Planning the tensors of a GGUF file from those of a checkpoint: names, order, and changes to the values."""

import re
from collections import Counter
from collections.abc import Mapping

import gguf
from paddock.conversion.architectures.architecture import Architecture
from paddock.conversion.architectures.config import Config
from paddock.conversion.checkpoint.safetensors import Tensor, shown
from paddock.conversion.errors import ConversionError
from paddock.conversion.output.tensors import OutputTensor, TensorSlice, joined, whole

_EXPERT = re.compile(r"(.*\.experts)\.(\d{1,9})\.(.*)", re.ASCII)
_SUFFIXES = (".weight", ".bias")


def plan_tensors(
    tensors: Mapping[str, Tensor], architecture: Architecture, config: Config, context: int
) -> list[OutputTensor]:
    """Return the tensors of the file; learned positions are cut to the first `context`.

    Raises:
        ConversionError: if the checkpoint has a tensor that is unknown or does not fit, or lacks one.
    """
    number = next(number for number, name in gguf.MODEL_ARCH_NAMES.items() if name == architecture.name)
    layers = config.integer("num_hidden_layers", "n_layer")
    if layers > len(tensors):
        raise ConversionError(f"config.json describes a network of {layers} layers, the checkpoint has fewer")
    names = gguf.get_tensor_name_map(number, layers)
    experts: dict[str, dict[int, Tensor]] = {}
    planned = []
    for name, tensor in sorted(tensors.items(), key=lambda item: _natural_order(item[0])):
        if architecture.skipped and re.search(architecture.skipped, name):
            continue
        stem, _, ending = name.rpartition(".")
        if stem in architecture.heads:
            planned.append(whole(f"{architecture.heads[stem]}.{ending}", tensor))
            continue
        plain = _without_prefix(name, architecture)
        if match := _EXPERT.fullmatch(plain):
            experts.setdefault(f"{match[1]}.{match[3]}", {})[int(match[2])] = tensor
            continue
        planned.append(_planned(_target_name(names, plain, name, config), plain, tensor, architecture, config, context))
    for group, members in experts.items():
        if sorted(members) != list(range(len(members))):
            raise ConversionError(f"some of the tensors {shown(group)} are missing")
        target = _target_name(names, group, group, config)
        planned.append(joined(target, tuple(TensorSlice(members[i]) for i in range(len(members))), stacked=True))
    planned += [
        OutputTensor(name, values.shape, values=values) for name, values in architecture.computed(config).items()
    ]
    twice = [name for name, count in Counter(tensor.name for tensor in planned).items() if count > 1]
    if twice:
        raise ConversionError(f"several tensors of the checkpoint are {sorted(twice)[0]}")
    missing = {f"{target}.weight" for target in architecture.heads.values()} - {tensor.name for tensor in planned}
    if missing:
        raise ConversionError(f"the checkpoint has no {sorted(missing)[0]}")
    if not any(tensor.name == "token_embd.weight" for tensor in planned):
        raise ConversionError("the checkpoint has no embeddings of tokens")
    return planned


def _planned(
    target: str, plain: str, tensor: Tensor, architecture: Architecture, config: Config, context: int
) -> OutputTensor:
    if target == "position_embd.weight":
        first = architecture.first_position(config)
        if tensor.rows < first + context:
            raise ConversionError(f"the checkpoint has {tensor.rows} positions, its config.json says {first + context}")
        return whole(target, tensor, start=first, stop=first + context)
    if target == "token_types.weight":
        return whole(target, tensor)
    part = next((part for part in architecture.permuted if f".{part}." in plain), "")
    if part:
        heads = config.kv_heads if part.startswith("k") else config.heads
        if tensor.rows % heads or tensor.rows // heads % 2:
            raise ConversionError(f'tensor "{shown(tensor.name)}" does not have {heads} heads of an even width')
        return whole(target, tensor, permuted_head=tensor.rows // heads)
    if architecture.norms_plus_one and plain.endswith("norm.weight"):
        return whole(target, tensor, plus=1.0)
    return whole(target, tensor)


def _without_prefix(name: str, architecture: Architecture) -> str:
    for prefix in architecture.prefixes:
        if name.startswith(prefix):
            rest = name.removeprefix(prefix)
            inside = rest.startswith(("model.", "lm_head", "embeddings.", "encoder."))
            return rest if inside else f"model.{rest}"
    return name


def _target_name(names: gguf.TensorNameMap, plain: str, name: str, config: Config) -> str:
    found = names.get_name(plain, try_suffixes=_SUFFIXES)
    if found is None:
        raise ConversionError(f'the tensor "{shown(name)}" does not belong to {config.architecture}')
    return str(found)


def _natural_order(name: str) -> list[tuple[int, int, str]]:
    """Return a sort key that puts layer 2 before layer 10."""
    parts = re.split(r"(\d{1,18})", name)
    return [(0, int(part), "") if part.isdecimal() and part.isascii() else (1, 0, part) for part in parts]
