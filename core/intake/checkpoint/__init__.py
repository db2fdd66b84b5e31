"""What `torch.save` wrote, read without torch and without running anything of it.

`machine` follows the pickle over a short list of opcodes and describes what it would build, `containers` finds the
bytes of the tensors in both of torch's formats, `layouts` the weights among everything else in the file, and `convert`
writes them as one safetensors file. `python -m core.intake.checkpoint` does it in a process of its own, under limits.
"""
